/** LOGTAP_RULES at work: the first rule that a record matches decides. */
import type { Condition, RecordRule } from '../../../catalog/values/record-rules.js';
import { ConfigError, messageOf } from '../../errors.js';
import type { Origin } from '../../parts.js';
import type { Fates } from './fates.js';
import { hashOf, sampleOf } from './sampling.js';

/** Whether a text has a match of the expression, in time linear in the text. */
export type Matcher = (text: string) => boolean;
type OfOrigin = Exclude<Condition, { readonly of: 'level' | 'text' }>;
type OfRecord =
  | Extract<Condition, { readonly of: 'level' }>
  | (Extract<Condition, { readonly of: 'text' }> & { readonly matches: Matcher });

interface CompiledRule extends Pick<RecordRule, 'action' | 'share'> {
  /** For the ledger: by its number in the setting. */
  readonly reason: string;
  readonly ofOrigin: readonly OfOrigin[];
  readonly ofRecord: readonly OfRecord[];
}

export class Rules {
  readonly #rules: readonly CompiledRule[];

  /** Throws a ConfigError when the engine does not know the syntax of an expression. */
  constructor(rules: readonly RecordRule[], compile: (expression: string) => Matcher) {
    this.#rules = rules.map(({ action, share, conditions }, i) => ({
      action,
      share,
      reason: `rule_${i + 1}`,
      ofOrigin: conditions.filter((condition): condition is OfOrigin => !['level', 'text'].includes(condition.of)),
      ofRecord: conditions.flatMap((condition): OfRecord[] => {
        if (condition.of === 'level') return [condition];
        return condition.of === 'text' ? [{ ...condition, matches: compiled(condition.expression, compile) }] : [];
      }),
    }));
  }

  apply(fates: Fates): void {
    const { count, origin, origins, seq } = fates.batch;
    const byOrigin = origins.map((each) => ({
      rules: this.#rules.filter(({ ofOrigin }) => ofOrigin.every((condition) => isOf(condition, each))),
      hash: hashOf(each),
    }));
    for (let i = 0; i < count; i++) {
      const { rules, hash } = byOrigin[origin[i]!]!;
      const rule = rules.length === 0 ? undefined : matching(rules, fates, i);
      if (rule === undefined) continue;
      if (rule.action === 'keep') fates.keep(i);
      else if (rule.share === 0 || sampleOf(hash, seq[i]!) >= rule.share) fates.withhold(i, rule.reason);
    }
  }
}

function compiled(expression: string, compile: (expression: string) => Matcher): Matcher {
  try {
    return compile(expression);
  } catch (error) {
    throw new ConfigError([`LOGTAP_RULES: text~/${expression}/: ${messageOf(error)}. Write it in the syntax of RE2.`], {
      cause: error,
    });
  }
}

function isOf(condition: OfOrigin, { stream, path, container, process }: Origin): boolean {
  if (condition.of === 'stream') return (stream === condition.stream) !== condition.isNegated;
  const name = { file: path, container, process }[condition.of];
  return (name !== undefined && condition.glob.matches(name)) !== condition.isNegated;
}

function matching(rules: readonly CompiledRule[], fates: Fates, i: number): CompiledRule | undefined {
  let text: string | undefined;
  return rules.find(({ ofRecord }) =>
    ofRecord.every((condition) => {
      if (condition.of === 'level') {
        const level = fates.levelOf(i);
        return (level >= condition.least && level <= condition.most) !== condition.isNegated;
      }
      text ??= fates.textOf(i);
      return condition.matches(text) !== condition.isNegated;
    }),
  );
}
