/** Values that AWS CDK resolves only at deployment, such as the name of a log group that the same app creates. */

/** Whether a value contains a token, which no rule can check before it is resolved. */
export function hasToken(value: string): boolean {
  return value.includes('${Token[');
}
