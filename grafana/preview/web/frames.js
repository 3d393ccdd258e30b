// Prometheus' answers as the frames that Grafana's Prometheus data source makes of them.
import {FieldType, createDataFrame} from '@grafana/data';
import {end, expand, prometheus, start, step} from './choice.js';

export async function ask(target) {
  const body = new URLSearchParams({query: expand(target.expr)});
  const path = target.instant ? 'query' : 'query_range';
  for (const [key, value] of Object.entries(target.instant ? {time: end} : {start, end, step})) {
    body.set(key, value);
  }
  const answer = await (await fetch(`${prometheus}/api/v1/${path}`, {method: 'POST', body})).json();
  if (answer.status !== 'success') {
    throw new Error(`${answer.error}: ${target.expr}`);
  }
  return answer.data.result;
}

export async function frames(panel) {
  const answers = await Promise.all(panel.targets.map(ask));
  const several = answers.filter(result => result.length).length > 1;
  return panel.targets.flatMap((target, index) => {
    const result = answers[index];
    if (target.format === 'table') {
      return result.length ? [tableFrame(target, result, several)] : [];
    }
    return result.map(row => seriesFrame(target, row));
  });
}

// One column for each label; the number is `Value`, or `Value #refId` beside other answers.
function tableFrame({refId}, result, several) {
  const labels = [...new Set(result.flatMap(row => Object.keys(row.metric)))].sort();
  const name = several ? `Value #${refId}` : 'Value';
  return createDataFrame({refId, fields: [
    {name: 'Time', type: FieldType.time, values: result.map(row => row.value[0] * 1000)},
    ...labels.map(label => ({name: label, type: FieldType.string, values: result.map(row => row.metric[label] ?? '')})),
    {name, type: FieldType.number, values: result.map(row => Number(row.value[1]))},
  ]});
}

// A gap where Prometheus has no sample, as Grafana's data source fills it in.
function seriesFrame({refId, legendFormat = '', instant}, {metric, value, values = [value]}) {
  const name = legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');
  const known = new Map(values.map(([when, text]) => [when, Number(text)]));
  const times = instant ? [...known.keys()] : Array.from({length: (end - start) / step + 1}, (_, i) => start + i * step);
  return createDataFrame({refId, name, fields: [
    {name: 'Time', type: FieldType.time, values: times.map(when => when * 1000)},
    {name: 'Value', type: FieldType.number, labels: metric, config: {displayNameFromDS: name || undefined},
      values: times.map(when => known.get(when) ?? null)},
  ]});
}
