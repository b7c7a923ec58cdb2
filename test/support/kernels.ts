/** Parts as they are where there are no kernels. */
export function withoutKernels<T>(make: () => T): T {
  const before = process.env.LOGTAP_KERNELS;
  process.env.LOGTAP_KERNELS = 'off';
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env.LOGTAP_KERNELS;
    else process.env.LOGTAP_KERNELS = before;
  }
}
