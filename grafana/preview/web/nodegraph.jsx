// The node graph in plain SVG, in layers: Grafana's is core code and not exported. Frames and field names are those it reads.
import {formattedValueToString, getValueFormat} from '@grafana/data';
import {theme} from './fields.js';

const RADIUS = 22, LAYERS = ['container', 'network', 'host'];

function rows(data, kind) {
  const frame = data.find(each => each.refId === kind);
  const fields = Object.fromEntries(frame.fields.map(field => [field.name.toLowerCase(), field.values]));
  return Array.from({length: frame.length}, (_, i) =>
    Object.fromEntries(Object.entries(fields).map(([field, values]) => [field, values[i]])));
}

// Rows of a layer follow the rows of the layer to their right, so that few edges cross.
function placed(nodes, edges, width, height) {
  const places = new Map();
  const order = new Map();
  for (const layer of [...LAYERS].reverse()) {
    const within = nodes.filter(node => node.id.startsWith(`${layer}:`));
    const pull = node => {
      const ends = edges.filter(edge => edge.source === node.id).map(edge => order.get(edge.target) ?? 0);
      return ends.length ? ends.reduce((sum, end) => sum + end, 0) / ends.length : 0.5;
    };
    within.sort((a, b) => pull(a) - pull(b) || a.id.localeCompare(b.id));
    within.forEach((node, index) => {
      const share = (index + 0.5) / within.length;
      order.set(node.id, share);
      places.set(node.id, {x: width * (0.2 + 0.3 * LAYERS.indexOf(layer)), y: 8 + (height - 16) * share});
    });
  }
  return places;
}

export function NodeGraph({panel, data, width, height}) {
  const nodes = rows(data, 'nodes'), edges = rows(data, 'edges');
  const places = placed(nodes, edges, width, height);
  const amount = value => formattedValueToString(getValueFormat(panel.options.nodes.mainStatUnit)(value, 1));
  const most = Math.max(...edges.map(edge => edge.mainstat));
  return <svg width={width} height={height} fontFamily={theme.typography.fontFamily} fontSize={12} fill={theme.colors.text.primary}>
    {edges.map(edge => <Edge key={edge.id} edge={edge} from={places.get(edge.source)} to={places.get(edge.target)} most={most} amount={amount}/>)}
    {nodes.map(node => <Node key={node.id} node={node} {...places.get(node.id)} amount={amount}/>)}
  </svg>;
}

function Edge({edge, from, to, most, amount}) {
  const bend = (to.x - from.x) / 2;
  const path = `M${from.x},${from.y} C${from.x + bend},${from.y} ${to.x - bend},${to.y} ${to.x},${to.y}`;
  return <g>
    <path d={path} fill="none" stroke={theme.colors.text.disabled} strokeWidth={1 + 5 * Math.sqrt(edge.mainstat / most)} opacity={0.6}/>
    <text x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 4} textAnchor="middle" fontSize={10}
      fill={theme.colors.text.secondary}>{amount(edge.mainstat)}</text>
  </g>;
}

function Node({node, x, y, amount}) {
  // beside the node where nothing comes in or goes out, else above and below
  const [title, subtitle] = {
    container: [{x: x - RADIUS - 8, y: y - 2, textAnchor: 'end'}, {x: x - RADIUS - 8, y: y + 12, textAnchor: 'end'}],
    network: [{x, y: y - RADIUS - 6, textAnchor: 'middle'}, {x, y: y + RADIUS + 13, textAnchor: 'middle'}],
    host: [{x: x + RADIUS + 8, y: y - 2, textAnchor: 'start'}, {x: x + RADIUS + 8, y: y + 12, textAnchor: 'start'}],
  }[node.id.split(':')[0]];
  return <g>
    <circle cx={x} cy={y} r={RADIUS} fill={theme.colors.background.primary} strokeWidth={3}
      stroke={theme.visualization.getColorByName(node.color)}/>
    <text x={x} y={y + 4} textAnchor="middle" fontSize={9}>{amount(node.mainstat)}</text>
    <text {...title}>{node.title}</text>
    <text {...subtitle} fontSize={10} fill={theme.colors.text.secondary}>{node.subtitle}</text>
  </g>;
}
