/** Reports about processes that write a later version of the frames. */
import { laterStatement, laterText } from '../../../src/shipper/status/versions.js';

const sources = (connections: number, rings?: number) => ({
  socket: { laterVersions: connections },
  rings: rings === undefined ? undefined : { laterVersions: rings },
});

test('nothing, where there are none', () => {
  expect([laterStatement(sources(0)), laterText(sources(0, 0))]).toEqual([{}, []]);
});

test('rings and connections each have their words', () => {
  expect(laterStatement(sources(1, 2))).toEqual({ laterVersions: { rings: 2, connections: 1 } });
  expect(laterText(sources(1, 2))).toEqual([
    expect.stringMatching(/^2 rings wait .*logtap upgrade/),
    expect.stringMatching(/^1 connections were refused .*logtap upgrade/),
  ]);
  expect(laterText(sources(0, 1))).toHaveLength(1);
  expect(laterText(sources(1))).toHaveLength(1);
});
