/** Checks names with placeholders as the service will see them, where the manifest has the values. */
import { CONTAINER_SETTINGS } from '../../catalog/records/container-settings.js';
import { FIELD_SETTINGS } from '../../catalog/records/fields.js';
import { filled, NAMES_WITH_PLACEHOLDERS } from '../../catalog/records/names.js';
import { type Placeholder, placeholdersOf } from '../../catalog/values/placeholders.js';
import type { InjectionPlan } from '../injection/plan.js';
import { hasToken } from '../props/token.js';
import { shipperSettings } from '../sidecar/shipper-settings.js';
import type { Report } from './finding.js';

type Texts = Readonly<Record<string, string>>;

export function checkNames(plan: InjectionPlan, report: Report): void {
  const settings = shipperSettings(plan.props);
  const read = reader(plan, settings);
  const entries: Readonly<Record<string, Texts>> = JSON.parse(
    settings[CONTAINER_SETTINGS.containerSettings.name] ?? '{}',
  );
  for (const texts of [settings, ...Object.values(entries)]) {
    for (const name of Object.values(NAMES_WITH_PLACEHOLDERS)) {
      const text = texts[name.row.name] ?? '';
      const values = placeholdersOf(text).map(read);
      // LT033 has those that are missing.
      if (values.length === 0 || hasToken(text) || values.includes(undefined)) continue;
      if (values.includes('')) {
        report('LT043', `the name '${text}' in the sink refers to an empty value`, 'leave it out, or give it a value');
        continue;
      }
      try {
        filled(name, text, (placeholder) => read(placeholder)!);
      } catch (error) {
        const [, rule, remedy] = /^(.*)(?:: |\. )([^:]*)\.$/s.exec((error as Error).message)!;
        report('LT043', `the name '${text}' in the sink ${rule}`, `${remedy}, or change the values`);
      }
    }
  }
}

/** Values as far as the manifest has them. */
function reader({ workload, template, props }: InjectionPlan, settings: Texts) {
  const { shipper } = props;
  const constants = settings[FIELD_SETTINGS.staticFields.name];
  const values: Readonly<Record<Exclude<Placeholder['kind'], 'namespace'>, object>> = {
    label: { ...shipper.labels, ...Object(template.metadata?.labels) },
    annotation: { ...shipper.annotations, ...template.metadata?.annotations },
    field: constants === undefined ? {} : FIELD_SETTINGS.staticFields.parse(constants),
  };
  return ({ kind, name }: Placeholder): string | undefined => {
    const of = kind === 'namespace' ? workload.metadata : values[kind];
    const key = kind === 'namespace' ? kind : name;
    const value: unknown = Object.hasOwn(Object(of), key) ? (of as Texts)[key] : undefined;
    return typeof value === 'string' && !hasToken(value) ? value : undefined;
  };
}
