/** Settings of a role in another account, whose rights a sink of AWS has instead of the shipper's own. */
import { needs, type Rule } from '../rule.js';
import { type Setting, setting } from '../setting.js';
import { EXTERNAL_ID, ROLE_ARN } from '../values/service-names.js';
import * as value from '../values/setting-values.js';

/** `service`: that the role may write to. */
export const roleArnSetting = (name: string, service: string): Setting<string> =>
  setting({
    name,
    defaultMeaning: "the shipper's own credentials",
    help: `Role, such as one of another account, whose rights the shipper has at ${service}: \`arn:aws:iam::ACCOUNT:role/NAME\`. The shipper assumes it with its own credentials, which need the permission \`sts:AssumeRole\`, and renews it five minutes before it expires.`,
    parse: value.named(ROLE_ARN),
  });

export const externalIdSetting = (name: string, roleArn: Setting<string>): Setting<string> =>
  setting({
    name,
    defaultMeaning: 'none',
    help: `External ID that the trust policy of \`${roleArn.name}\` demands. It is no secret.`,
    parse: value.named(EXTERNAL_ID),
  });

/** `signing`: the switch without which the service is none of AWS. */
export const roleRules = (
  roleArn: Setting<string>,
  externalId: Setting<string>,
  signing?: Setting<unknown>,
): readonly Rule[] => [needs(externalId, roleArn), ...(signing === undefined ? [] : [needs(roleArn, signing)])];
