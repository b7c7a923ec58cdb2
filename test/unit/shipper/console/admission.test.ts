/** Who sees log text at the status port. */
import { refusalOf } from '../../../../src/shipper/console/admission.js';

const local = { address: '127.0.0.1', headers: { host: 'localhost:9598' } };

test.each([
  ['localhost:9598', '127.0.0.1'],
  ['LOCALHOST', '::ffff:127.0.0.1'],
  ['127.0.0.1:80', '127.0.0.1'],
  ['[::1]:9598', '::1'],
])('Host %s from %s is admitted', (host, address) => {
  expect(refusalOf({ address, headers: { host } })).toBeUndefined();
});

test.each([
  ['10.0.0.7', 'another pod'],
  ['127.0.0.6', 'a service mesh, for a client outside'],
  ['::ffff:10.0.0.7', 'another pod'],
  ['fe80::1', 'the node'],
  [undefined, 'a connection that is gone'],
])('from %s (%s): refused', (address, _who) => {
  expect(refusalOf({ ...local, address })).toMatch(/^only clients on this machine/);
});

test.each([
  'evil.example:9598',
  'localhost.evil.example',
  'localhost:9598.evil.example',
  '127.0.0.1.nip.io',
  'user@localhost',
  'localhost:9598,evil.example',
  '0.0.0.0:9598',
  '',
  undefined,
])('Host %s: refused, as its name may resolve to this machine', (host) => {
  expect(refusalOf({ ...local, headers: host === undefined ? {} : { host } })).toMatch(/names another host/);
});

test.each(['x-forwarded-for', 'forwarded', 'via'])('with the header %s: refused', (name) => {
  expect(refusalOf({ ...local, headers: { ...local.headers, [name]: '127.0.0.1' } })).toMatch(/proxy/);
});

test.each([
  ['same-origin', 'cors', true],
  ['none', 'navigate', true],
  ['cross-site', 'navigate', true],
  ['cross-site', 'no-cors', false],
  ['same-site', 'cors', false],
])('sent by a %s page in mode %s: admitted %s', (site, mode, isAdmitted) => {
  const headers = { ...local.headers, 'sec-fetch-site': site, 'sec-fetch-mode': mode };
  expect(refusalOf({ ...local, headers }) === undefined).toBe(isAdmitted);
});
