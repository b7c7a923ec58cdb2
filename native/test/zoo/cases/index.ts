/** All rows of the zoo. */
import type { ZooCase } from '../case.js';
import { cases as c } from './c.js';
import { cases as languages } from './languages.js';
import { cases as servers } from './servers.js';
import { cases as shell } from './shell.js';
import { cases as textTools } from './text-tools.js';

export const cases: readonly ZooCase[] = [...c, ...shell, ...textTools, ...languages, ...servers];
