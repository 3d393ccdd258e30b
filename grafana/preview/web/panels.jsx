// Panels by type, drawn by the components that Grafana itself uses, where it exports them.
import {VizOrientation, getDisplayValueAlignmentFactors, getFieldDisplayValues} from '@grafana/data';
import {BarGauge, BigValue, TimeSeries, VizRepeater} from '@grafana/ui';
import {TableNG} from '@grafana/ui/unstable';
import {range, timeZone} from './choice.js';
import {theme} from './fields.js';
import {NodeGraph} from './nodegraph.jsx';
import {Timeline} from './timeline.jsx';

const DRAWN = {timeseries: Graph, stat: Stat, bargauge: Bars, table: Listing, 'state-timeline': Timeline, nodeGraph: NodeGraph};

export function Body(props) {
  const Drawn = DRAWN[props.panel.type];
  const empty = !props.data.some(frame => frame.length);
  if (empty && props.panel.type !== 'stat') {
    return <div className="empty" title={props.panel.title} style={{padding: 24, color: theme.colors.text.secondary}}>
      {props.panel.fieldConfig.defaults.noValue ?? 'No data'}
    </div>;
  }
  return <Drawn {...props}/>;
}

function Graph({panel, data, width, height, marks}) {
  const legend = panel.options.legend;
  return <TimeSeries frames={data} structureRev={1} timeRange={range} timeZone={timeZone} width={width} height={height}
    legend={{...legend, sortBy: 'Max', sortDesc: true}} options={panel.options}>
    {config => { marked(config, marks); return null; }}
  </TimeSeries>;
}

// Annotations as dashed lines; Grafana's own plugin for them is not exported.
function marked(config, marks) {
  config.addHook('draw', plot => {
    const {ctx, bbox} = plot;
    ctx.save();
    ctx.setLineDash([4, 4]);
    for (const {when, color} of marks) {
      const x = plot.valToPos(when, 'x', true);
      ctx.strokeStyle = theme.visualization.getColorByName(color);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  });
}

function reduced(panel, data, fieldConfig) {
  return getFieldDisplayValues({data, fieldConfig, reduceOptions: panel.options.reduceOptions, theme, timeZone,
    sparkline: panel.options.graphMode === 'area', replaceVariables: text => text});
}

function Stat({panel, data, fieldConfig, width, height}) {
  const {colorMode, graphMode, justifyMode, textMode} = panel.options;
  const [{display, sparkline}] = reduced(panel, data, fieldConfig);
  return <BigValue theme={theme} width={width} height={height} value={display} sparkline={sparkline} colorMode={colorMode}
    graphMode={graphMode} justifyMode={justifyMode ?? 'auto'} textMode={textMode}/>;
}

function Bars({panel, data, fieldConfig, width, height}) {
  const {displayMode, valueMode, showUnfilled} = panel.options;
  const values = reduced(panel, data, fieldConfig);
  return <VizRepeater source={data} getValues={() => values} renderCounter={1} width={width} height={height}
    minVizHeight={16} maxVizHeight={40} orientation={VizOrientation.Horizontal} itemSpacing={6}
    getAlignmentFactors={() => getDisplayValueAlignmentFactors(values)}
    renderValue={({value, width, height, alignmentFactors}) => <BarGauge theme={theme} value={value.display}
      field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)} text={{titleSize: 12, valueSize: 13}}
      width={width} height={height} orientation={VizOrientation.Horizontal} displayMode={displayMode}
      valueDisplayMode={valueMode} namePlacement="left" showUnfilled={showUnfilled} itemSpacing={6}
      alignmentFactors={alignmentFactors}/>}/>;
}

function Listing({panel, data, fieldConfig, width, height}) {
  const {cellHeight, sortBy} = panel.options;
  return <TableNG data={data[0]} width={width} height={height} cellHeight={cellHeight} sortBy={sortBy} structureRev={1}
    fieldConfig={fieldConfig} enableVirtualization={false} timeRange={range}/>;
}
