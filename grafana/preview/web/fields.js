// A panel's transformations and field configuration, applied by Grafana's own code.
import {FieldConfigOptionsRegistry, applyFieldOverrides, cacheFieldDisplayNames, createTheme, standardTransformers, standardTransformersRegistry,
  transformDataFrame} from '@grafana/data';
import {lastValueFrom} from 'rxjs';
import {timeZone} from './choice.js';

export const theme = createTheme({colors: {mode: 'dark'}});

// Grafana's core fills this registry and loads each transformation when it is first used.
const known = new Map(Object.values(standardTransformers).map(transformer => [transformer.id, transformer]));
standardTransformersRegistry.setInit(() => [...known.values()].map(
  transformer => ({id: transformer.id, name: transformer.name, transformation: async () => transformer})));

// Core keeps the list of properties with their editors; for drawing, a property is a path.
const registry = new FieldConfigOptionsRegistry(() => [
  ...['unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'color', 'thresholds', 'mappings', 'links', 'fieldMinMax'].map(
    id => property(id, id, false)),
  ...['transform', 'lineWidth', 'fillOpacity', 'showPoints', 'drawStyle', 'axisCenteredZero', 'cellOptions', 'width',
    'align'].map(id => property(`custom.${id}`, id, true)),
]);

function property(id, path, isCustom) {
  return {id, path, isCustom, name: id, process: value => value, shouldApply: () => true, settings: {}};
}

// JSON has no -Infinity: the step below all others is null there.
function withSteps(thresholds) {
  return thresholds && {...thresholds, steps: thresholds.steps.map(step => ({...step, value: step.value ?? -Infinity}))};
}

function configuration(panel) {
  const {defaults, overrides = []} = panel.fieldConfig;
  const color = defaults.color ?? {mode: panel.type === 'timeseries' ? 'palette-classic' : 'thresholds'};
  return {
    defaults: {...defaults, color, thresholds: withSteps(defaults.thresholds)},
    overrides: overrides.map(rule => ({...rule, properties: rule.properties.map(
      each => each.id === 'thresholds' ? {...each, value: withSteps(each.value)} : each)})),
  };
}

export async function configured(panel, raw) {
  const data = await lastValueFrom(transformDataFrame(panel.transformations ?? [], raw));
  const fieldConfig = configuration(panel);
  const replaceVariables = text => text;
  const dressed = applyFieldOverrides({data, fieldConfig, fieldConfigRegistry: registry, replaceVariables, theme, timeZone});
  cacheFieldDisplayNames(dressed);
  return {fieldConfig, data: dressed};
}
