/** Pictures for the documentation: the path of a byte, and a pod before and after the injection, which is the product's own. */

import { inject } from '../src/constructs/injection/inject.js';
import type { Container, PodSpec } from '../src/constructs/injection/workload.js';
import { podTemplate } from '../src/constructs/injection/workload.js';
import { resolve } from '../src/constructs/props/resolve.js';
import { Sink } from '../src/constructs/sinks/sink.js';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly title: string;
  readonly lines: readonly string[];
  /** Added by the product. */
  readonly isOurs: boolean;
}

const LINE = 18;
const PAD = 12;
const heightOf = ({ lines }: Pick<Box, 'lines'>): number => 2 * PAD + LINE * (lines.length + 1);

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function drawn(box: Box): string {
  const { x, y, width, title, lines, isOurs } = box;
  const text = (row: number, kind: string, words: string) =>
    `<text class="${kind}" x="${x + PAD}" y="${y + PAD + LINE * row + 13}">${escaped(words)}</text>`;
  return [
    `<rect class="${isOurs ? 'ours' : 'theirs'}" x="${x}" y="${y}" width="${width}" height="${heightOf(box)}" rx="6"/>`,
    text(0, 'title', title),
    ...lines.map((line, i) => text(i + 1, 'line', line)),
  ].join('\n');
}

/** Follows the theme of the reader. */
const STYLE = `text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .head { font-size: 15px; font-weight: 600 } .line { font-size: 12px }
.theirs { fill: #f6f8fa; stroke: #8c959f } .ours { fill: #ddf4ff; stroke: #0969da } .arrow { stroke: #57606a; fill: none; marker-end: url(#end) }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .theirs { fill: #21262d; stroke: #8b949e } .ours { fill: #0c2d6b; stroke: #58a6ff } .arrow { stroke: #9198a1 }
}`;

function picture(width: number, height: number, label: string, parts: readonly string[]): string {
  const end =
    '<marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#8b949e"/></marker>';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}">`,
    `<style>${STYLE}</style><defs>${end}</defs>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const head = (x: number, text: string) => `<text class="head" x="${x}" y="20">${text}</text>`;
const arrow = (x1: number, y1: number, x2: number, y2: number) => `<path class="arrow" d="M${x1} ${y1}L${x2} ${y2}"/>`;

/** From a write to the service, with the place of each count. */
export function pathOfAByte(): string {
  const steps = [
    ['application', 'write(), printf()', 'unchanged image and command'],
    ['liblogtap.so', 'LD_PRELOAD: copies the bytes', 'no room: original output, counted'],
    ['ring', 'memory volume of the pod', 'kept until acknowledged'],
    ['shipper', 'lines, events, fields, rules', 'buffer in memory or on disk'],
    ['service', 'CloudWatch Logs, OpenSearch', 'acknowledged, or counted'],
  ] as const;
  const [width, gap] = [236, 28];
  const boxes = steps.map(([title, ...lines], i) => ({
    ...{ x: 10 + i * (width + gap), y: 36, width, title, lines },
    isOurs: i > 0 && i < steps.length - 1,
  }));
  const middle = 36 + heightOf(boxes[0]!) / 2;
  return picture(20 + steps.length * (width + gap) - gap, 36 + heightOf(boxes[0]!) + 10, 'The path of a byte', [
    head(10, 'The path of a byte: each step waits for the next, but the application never waits'),
    ...boxes.map(drawn),
    ...boxes.slice(1).map(({ x }) => arrow(x - gap + 2, middle, x - 3, middle)),
  ]);
}

const APPLICATION = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'orders' } },
  spec: {
    selector: { matchLabels: { app: 'orders' } },
    template: {
      metadata: { labels: { app: 'orders' } },
      spec: { containers: [{ name: 'orders', image: 'registry.example/orders:4.2' }] },
    },
  },
};

function containerBox(container: Container, kind: string, place: Pick<Box, 'x' | 'y' | 'width'>, isOurs: boolean): Box {
  const { name, image, env = [], volumeMounts = [] } = container;
  const variables = env.map((each) => each.name).filter((each) => /^(LD_PRELOAD|LLT_TARGET|LOGTAP_SINK)$/.test(each));
  const mounts = volumeMounts.map(
    ({ mountPath, readOnly }) => `${mountPath}${readOnly === true ? ' (read-only)' : ''}`,
  );
  return {
    ...place,
    title: `${name}: ${kind}`,
    lines: [
      `${image}`,
      ...(variables.length > 0 ? [`env: ${variables.join(', ')}`] : []),
      ...mounts.map((path) => `mount: ${path}`),
    ],
    isOurs,
  };
}

/** One below the other. */
function column(x: number, width: number, { initContainers = [], containers, volumes = [] }: PodSpec): Box[] {
  const boxes: Box[] = [];
  const place = () => {
    const last = boxes.at(-1);
    return { x, width, y: last === undefined ? 36 : last.y + heightOf(last) + 10 };
  };
  for (const each of initContainers)
    boxes.push(
      containerBox(each, each.restartPolicy === 'Always' ? 'native sidecar' : 'init container', place(), true),
    );
  for (const each of containers) boxes.push(containerBox(each, 'application', place(), false));
  for (const { name, emptyDir } of volumes) {
    const { sizeLimit } = emptyDir as { readonly sizeLimit?: string };
    const size = sizeLimit === undefined ? '' : `, at most ${sizeLimit}`;
    boxes.push({ ...place(), title: `${name}: volume`, lines: [`in memory${size}`], isOurs: true });
  }
  return boxes;
}

/** The same Deployment, without and with the tap. */
export function podBeforeAndAfter(): string {
  const props = resolve({
    sink: Sink.cloudWatch({ logGroup: '/shop/orders', region: 'eu-central-1' }),
    shipper: { image: 'registry.example/cdk8s-logtap' },
  });
  const before = column(10, 330, podTemplate(APPLICATION).spec);
  const after = column(400, 430, podTemplate(inject(APPLICATION, props)).spec);
  const last = after.at(-1)!;
  return picture(840, last.y + heightOf(last) + 10, 'A pod before and after the injection', [
    head(10, 'Before'),
    head(400, 'After'),
    ...[...before, ...after].map(drawn),
    arrow(345, 36 + heightOf(before[0]!) / 2, 392, 36 + heightOf(before[0]!) / 2),
  ]);
}
