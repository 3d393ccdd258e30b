"""How programs and libraries write that an address was in use (EADDRINUSE), as patterns in lower case.

libc's texts are those of musl and of glibc's translations (po/*.po, "Address already in use"). Each pattern takes time
linear in the length of a line: none has two parts that can match the same text.
"""

IN_USE_TEXTS = (
    # C libraries: glibc, musl, BSD; errno by name and by number (98 on Linux).
    r"\baddress (?:is )?(?:already )?in use",
    r"eaddrinuse",
    r"addrinuse",
    r"\berrno[ =:]*98\b",
    r"\bos error 98\b",
    r"\(98[):]",
    r"only one usage of each socket address",
    # Programs that write a text of their own.
    r"connection in use: \(",
    r"\bport (?:\d{1,5} )?(?:is |was )?(?:already )?(?:in use|allocated|being used)",
    r"in use by another node",
    r"could not bind listening ipv[46] socket",
    # glibc's translations.
    r"adresse wird bereits verwendet",
    r"adresse (?:est )?déjà utilisée",
    r"dirección ya se está usando",
    r"indirizzo già in uso",
    r"endereço já em uso",
    r"adres is al in gebruik",
    r"adres jest już w użyciu",
    r"adresa je užívána",
    r"adresa je používaná",
    r"adressen er allerede i br[ui][gk]",
    r"adressen redan upptagen",
    r"osoite on jo käytössä",
    r"a cím már használatban van",
    r"l.adreça ja és en ús",
    r"adres zaten kullanımda",
    r"alamat telah digunakan",
    r"địa chỉ đang được dùng",
    r"адрес уже используется",
    r"адресу вже використано",
    r"адресът вече се използва",
    r"адреса је већ у употреби",
    r"διεύθυνση υποδοχής είναι ήδη σε χρήση",
    r"地址已(?:经)?(?:在|被)使用",
    r"位址已經?(?:有在|在|被)使用",
    r"アドレスは既に使(?:用中です|われています)",
    r"(?:주소가 이미 사용 중|이미 사용 중인 주소)",
)
# Texts of a failed bind that do not name the cause: evidence unless the line names another one.
FAILED_BIND_TEXTS = (r"\bfailed to bind to \S*:\d",)
OTHER_CAUSES = (r"permission denied", r"\beacces\b", r"cannot assign requested", r"eaddrnotavail", r"not permitted")
