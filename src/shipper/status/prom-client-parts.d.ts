/**
 * Parts of prom-client by their paths. The public entry also loads the metrics of Node, a push gateway and the cluster
 * module: 12 MB of resident memory instead of 1 (Node 20), in every pod. prom-client declares no `exports`, so these paths
 * can be imported; an update that moves a file fails the build, which bundles them.
 */
declare module 'prom-client/lib/counter.js' {
  import { Counter } from 'prom-client';
  export default Counter;
}
declare module 'prom-client/lib/gauge.js' {
  import { Gauge } from 'prom-client';
  export default Gauge;
}
declare module 'prom-client/lib/histogram.js' {
  import { Histogram } from 'prom-client';
  export default Histogram;
}
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client';
  export default Registry;
}
