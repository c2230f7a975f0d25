// All rules, in the groups in which Prometheus evaluates them.

import { absentAlerts } from './absentAlerts.ts';
import { alertRule, type Alert } from './alert.ts';
import { stateAlerts } from './alerts.ts';
import { burnAlerts } from './burnAlerts.ts';
import type { RuleForm, RuleGroup } from './form.ts';
import { recordingRules } from './objectives.ts';

const alerts: readonly Alert[] = [...burnAlerts, ...stateAlerts, ...absentAlerts];

/** Each alert once, in the order of the docs. */
export const alertNames: readonly string[] = [...new Set(alerts.map(({ name }) => name))];

/** The alerts follow what they use in the same group, so that they see it as of the same evaluation. */
export const ruleGroups = (form: RuleForm): RuleGroup[] => [
  { name: 'genwarden', rules: [...recordingRules(form), ...alerts.map((alert) => alertRule(alert, form))] },
];
