/** The trend of a series: its growth from the first to the last value, as a share of its median. */

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * By the median of the slopes between all pairs (Theil and Sen), so that a moment in which memory is in use for a request
 * does not count as growth.
 */
export function growthOf(values: readonly number[]): number {
  const slopes: number[] = [];
  // At most a few hundred points: the pairs of an hour of seconds would be millions.
  const step = Math.max(1, Math.floor(values.length / 300));
  const points = values.filter((_, i) => i % step === 0);
  for (let i = 0; i < points.length; i += 1)
    for (let j = i + 1; j < points.length; j += 1) slopes.push((points[j]! - points[i]!) / (j - i));
  return (median(slopes) * (points.length - 1)) / median(points);
}
