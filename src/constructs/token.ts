/** Values that AWS CDK fills in only when it deploys, such as the name of a log group that the same app creates. */

/** Whether a value holds a token, which no rule can judge before it is filled in. */
export function hasToken(value: string): boolean {
  return value.includes('${Token[');
}
