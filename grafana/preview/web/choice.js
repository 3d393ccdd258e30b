// What is shown: the page's parameters, and what Grafana would put in for a dashboard's variables.
import {dateTime} from '@grafana/data';

const parameters = new URLSearchParams(location.search);

export const name = parameters.get('dashboard');
export const prometheus = parameters.get('prometheus');
export const end = Number(parameters.get('end'));
export const step = 60;
export const start = end - 3 * 3600;
export const range = {from: dateTime(start * 1000), to: dateTime(end * 1000), raw: {from: 'now-3h', to: 'now'}};
export const timeZone = 'utc';

// A variable's own parameter is what is chosen; without one it is all.
export const chosen = Object.fromEntries(
  ['instance', 'compose_project', 'network', 'container'].filter(variable => parameters.has(variable)).map(
    variable => [variable, parameters.get(variable)]));

const variables = {
  job: '.+', instance: '.+', compose_project: '.*', network: '.+', container: '.+',
  __rate_interval: '2m', __interval: '60s', __range: '3h', ...chosen,
};

export function expand(text) {
  return text.replace(/\$\{?(\w+)(?::\w+)?\}?/g, (match, variable) => variables[variable] ?? match);
}
