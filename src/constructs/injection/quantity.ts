/** Quantities of Kubernetes, such as `500m`, `1Gi` or `1e3`. */
const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number, or `undefined` if the value is not a quantity. */
export function parseQuantity(value: unknown): number | undefined {
  const [, digits, exponent, suffix = ''] =
    /^\+?(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+)|([A-Za-z]{0,2}))$/.exec(String(value)) ?? [];
  if (digits === undefined || !Object.hasOwn(SUFFIXES, suffix)) return undefined;
  return Number(digits) * (exponent === undefined ? SUFFIXES[suffix]! : 10 ** Number(exponent));
}

/** Cores in thousandths. */
export const formatCpu = (cores: number) => `${Math.ceil(Number((cores * 1000).toFixed(6)))}m`;

/** Bytes in whole MiB: a number without a suffix would need quotes, which `uninject` cannot tell from those of the author. */
export const formatMemory = (bytes: number) => `${Math.ceil(Number((bytes / 2 ** 20).toFixed(6)))}Mi`;
