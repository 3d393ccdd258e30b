// A state timeline in plain SVG: Grafana's is core code and not exported. Colours and texts are those of its display processor.
import {dateTimeFormat, getFieldDisplayName} from '@grafana/data';
import {end, start, timeZone} from './choice.js';
import {theme} from './fields.js';

const LETTER = 6.6, AXIS = 22, BAR = 0.8;

export function Timeline({data, width, height}) {
  const rows = data.map(frame => ({title: getFieldDisplayName(frame.fields[1], frame, data), spans: spans(frame)}));
  const left = Math.min(width / 2, 20 + LETTER * Math.max(...rows.map(({title}) => title.length)));
  const tall = (height - AXIS) / rows.length;
  const at = when => left + (width - left - 8) * (when / 1000 - start) / (end - start);
  const ticks = width - left > 400 ? 6 : 3;
  const hours = Array.from({length: ticks + 1}, (_, i) => start + i * (end - start) / ticks);
  return <svg width={width} height={height} fontFamily={theme.typography.fontFamily} fontSize={12} fill={theme.colors.text.primary}>
    {hours.map(hour => <g key={hour}>
      <line x1={at(hour * 1000)} x2={at(hour * 1000)} y1={0} y2={tall * rows.length} stroke={theme.colors.border.weak}/>
      <text x={at(hour * 1000)} y={tall * rows.length + 16} textAnchor={hour === end ? 'end' : 'middle'} fill={theme.colors.text.secondary}>
        {dateTimeFormat(hour * 1000, {format: 'HH:mm', timeZone})}
      </text>
    </g>)}
    {rows.map(({title, spans}, row) => <g key={title}>
      <text x={left - 10} y={row * tall + tall / 2 + 4} textAnchor="end">{title}</text>
      {spans.map(({from, to, color, text}) => <g key={from}>
        <rect x={at(from)} width={Math.max(1, at(to) - at(from))} y={row * tall + tall * (1 - BAR) / 2} height={tall * BAR} fill={color} opacity={0.85}/>
        {at(to) - at(from) > 9 * text.length && <text x={(at(from) + at(to)) / 2} y={row * tall + tall / 2 + 4} textAnchor="middle"
          fill={theme.colors.getContrastText(color)}>{text}</text>}
      </g>)}
    </g>)}
  </svg>;
}

// Neighbours of one text are one span; nothing where there was no sample.
function spans(frame) {
  const [times, states] = frame.fields;
  const found = [];
  times.values.forEach((from, index) => {
    const value = states.values[index];
    if (value === null) {
      return;
    }
    const {text, color} = states.display(value);
    const to = times.values[index + 1] ?? from, last = found.at(-1);
    if (last?.to === from && last.text === text) {
      last.to = to;
    } else {
      found.push({from, to, color, text});
    }
  });
  return found;
}
