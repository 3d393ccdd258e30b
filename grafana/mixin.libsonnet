// For users of monitoring mixins: the generated dashboards, the alerts and the recording rules, with links to where
// the runbooks are published:
//
//   (import 'grafana/mixin.libsonnet') { _config+:: { runbooks: 'https://example.org/runbooks' } }
{
  _config+:: { runbooks: 'https://dockernet.example/docs/runbooks' },

  local dashboard(text) =
    std.parseJson(std.strReplace(text, 'https://dockernet.example/docs/runbooks', $._config.runbooks)),
  local groups(text) =
    std.parseYaml(std.strReplace(text, 'runbook_url: docs/runbooks', 'runbook_url: ' + $._config.runbooks)).groups,

  grafanaDashboards+:: {
    'dockernet-overview.json': dashboard(importstr 'dashboards/overview.json'),
    'dockernet-host.json': dashboard(importstr 'dashboards/host.json'),
    'dockernet-network.json': dashboard(importstr 'dashboards/network.json'),
    'dockernet-container.json': dashboard(importstr 'dashboards/container.json'),
    'dockernet-ports.json': dashboard(importstr 'dashboards/ports.json'),
    'dockernet-topology.json': dashboard(importstr 'dashboards/topology.json'),
    'dockernet-connections.json': dashboard(importstr 'dashboards/connections.json'),
    'dockernet-exporter.json': dashboard(importstr 'dashboards/exporter.json'),
  },
  prometheusAlerts+:: { groups+: groups(importstr '../deploy/prometheus/alerts.yml') },
  prometheusRules+:: { groups+: groups(importstr '../deploy/prometheus/recording.yml') },
}
