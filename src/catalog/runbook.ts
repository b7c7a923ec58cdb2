/** The page for operators, by symptom. Messages name the section that has the commands. */

/** Anchors of docs/guides/runbook.md. */
export const SYMPTOMS = [
  'nothing-is-read',
  'the-program-is-not-tapped',
  'no-shipper-reads',
  'the-ring-is-full',
  'the-ring-is-damaged',
  'the-shipper-does-not-start',
  'the-shipper-was-killed',
  'the-connection-is-refused',
  'the-service-does-not-answer',
  'the-certificate-is-not-trusted',
  'the-service-forbids-it',
  'no-such-service',
  'a-web-page-answers',
  'the-index-is-blocked',
  'a-secret-is-missing',
  'there-are-no-credentials',
  'the-credentials-are-refused',
  'the-role-is-not-assumed',
  'the-service-is-throttled',
  'the-service-fails',
  'every-record-is-refused',
  'the-buffer-is-full',
  'the-spool-is-full',
] as const;

export type Symptom = (typeof SYMPTOMS)[number];

export const RUNBOOK = 'docs/guides/runbook.md';

/** Where the commands for a symptom are. Reads after `see`. */
export const runbook = (symptom: Symptom): string => `${RUNBOOK}#${symptom}`;
