"""Who may come in, and what holds for everybody: the file of --web.config.file and what it makes."""
