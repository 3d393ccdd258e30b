// One dashboard as a page of 1600 pixels: its panels on Grafana's grid, each asked of a real Prometheus.
import {ThemeContext, dateTimeFormat} from '@grafana/data';
import {GlobalStyles, PanelChrome} from '@grafana/ui';
import {createRoot} from 'react-dom/client';
import {chosen, end, name, start, timeZone} from './choice.js';
import {configured, theme} from './fields.js';
import {ask, frames} from './frames.js';
import {Body} from './panels.jsx';

const WIDTH = 1600, HEAD = 56, GAP = 8, COLUMN = (WIDTH - GAP) / 24, ROW = 38;

// Where annotations have series, as moments: neighbours are one event.
async function marks({annotations}) {
  const found = await Promise.all(annotations.list.map(async ({expr, iconColor}) => {
    const series = await ask({expr, instant: false});
    const moments = [...new Set(series.flatMap(({values}) => values.map(([when]) => when)))].sort();
    return moments.filter((when, index) => moments[index - 1] !== when - 60).map(when => ({when: when * 1000, color: iconColor}));
  }));
  return found.flat();
}

function place({x, y, w, h}) {
  return {position: 'absolute', left: GAP + x * COLUMN, top: HEAD + y * ROW, width: w * COLUMN - GAP, height: h * ROW - GAP};
}

function Head({dashboard}) {
  const moment = when => dateTimeFormat(when * 1000, {format: 'YYYY-MM-DD HH:mm', timeZone});
  return <div style={{height: HEAD - GAP, padding: '0 16px', display: 'flex', alignItems: 'center', gap: 14,
    background: theme.colors.background.primary, borderBottom: `1px solid ${theme.colors.border.weak}`}}>
    <span style={{fontSize: 18, marginRight: 10}}>{dashboard.title}</span>
    {dashboard.templating.list.filter(({type}) => type === 'query').map(({name: variable, label}) => <span key={label}
      style={{border: `1px solid ${theme.colors.border.medium}`, borderRadius: 2, padding: '3px 8px'}}>
      {label} <b style={{fontWeight: 500, color: theme.colors.text.link}}>
        {chosen[variable]?.replaceAll('|', ' + ') ?? 'All'}</b></span>)}
    <span style={{marginLeft: 'auto', color: theme.colors.text.secondary}}>{moment(start)} to {moment(end)} UTC</span>
  </div>;
}

function Panel({panel, drawn, events}) {
  const style = place(panel.gridPos);
  if (panel.type === 'row') {
    return <div style={{...style, display: 'flex', alignItems: 'center', fontWeight: 500}}>⌄ {panel.title}</div>;
  }
  return <div style={style}>
    <PanelChrome title={panel.title} description={panel.description} width={style.width} height={style.height}
      padding={['timeseries', 'table'].includes(panel.type) ? 'none' : 'md'}>
      {(width, height) => <Body panel={panel} {...drawn} width={width} height={height} marks={events}/>}
    </PanelChrome>
  </div>;
}

function Page({dashboard, drawn, events}) {
  const rows = Math.max(...dashboard.panels.map(({gridPos}) => gridPos.y + gridPos.h));
  return <ThemeContext.Provider value={theme}>
    <GlobalStyles/>
    <div style={{position: 'relative', width: WIDTH, height: HEAD + rows * ROW, background: theme.colors.background.canvas}}>
      <Head dashboard={dashboard}/>
      {dashboard.panels.map((panel, index) => <Panel key={panel.id} panel={panel} drawn={drawn[index]} events={events}/>)}
    </div>
  </ThemeContext.Provider>;
}

try {
  const dashboard = await (await fetch(`/dashboards/${name}.json`)).json();
  const drawn = await Promise.all(dashboard.panels.map(
    async panel => panel.type === 'row' ? null : configured(panel, await frames(panel))));
  createRoot(document.getElementById('root')).render(
    <Page dashboard={dashboard} drawn={drawn} events={await marks(dashboard)}/>);
  document.title = 'drawn';
} catch (error) {
  document.title = `failed: ${error.message}`;
}
