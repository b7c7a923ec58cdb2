/** Objects of other kinds that contain pod templates. */

/** Pointers (RFC 6901) to pod templates, by `apiVersion/kind`. `*` is every entry of a list or a mapping. */
export type TemplatePointers = Readonly<Record<string, readonly string[]>>;

const ofKinds = (version: string, kinds: readonly string[], ...pointers: string[]): TemplatePointers =>
  Object.fromEntries(kinds.map((kind) => [`${version}/${kind}`, pointers]));

const ofRay = (field: string) => [`/spec/${field}headGroupSpec/template`, `/spec/${field}workerGroupSpecs/*/template`];

/** From the types of each project's API. */
export const KNOWN_TEMPLATES: TemplatePointers = {
  // OpenKruise
  ...ofKinds('apps.kruise.io/v1alpha1', ['BroadcastJob', 'CloneSet', 'DaemonSet', 'StatefulSet'], '/spec/template'),
  ...ofKinds('apps.kruise.io/v1beta1', ['StatefulSet'], '/spec/template'),
  ...ofKinds(
    'apps.kruise.io/v1alpha1',
    ['AdvancedCronJob'],
    '/spec/template/jobTemplate/spec/template',
    '/spec/template/broadcastJobTemplate/spec/template',
  ),
  ...ofKinds(
    'apps.kruise.io/v1alpha1',
    ['UnitedDeployment'],
    '/spec/template/cloneSetTemplate/spec/template',
    '/spec/template/deploymentTemplate/spec/template',
    '/spec/template/statefulSetTemplate/spec/template',
    '/spec/template/advancedStatefulSetTemplate/spec/template',
  ),
  // Argo Rollouts
  ...ofKinds(
    'argoproj.io/v1alpha1',
    ['AnalysisTemplate', 'ClusterAnalysisTemplate'],
    '/spec/metrics/*/provider/job/spec/template',
  ),
  ...ofKinds('argoproj.io/v1alpha1', ['Experiment'], '/spec/templates/*/template'),
  // Jobs of Kubeflow, Kubernetes SIGs, Volcano, KEDA and Ray
  ...ofKinds('kubeflow.org/v1', ['JAXJob'], '/spec/jaxReplicaSpecs/*/template'),
  ...ofKinds('kubeflow.org/v1', ['MPIJob'], '/spec/mpiReplicaSpecs/*/template'),
  ...ofKinds('kubeflow.org/v2beta1', ['MPIJob'], '/spec/mpiReplicaSpecs/*/template'),
  ...ofKinds('kubeflow.org/v1', ['MXJob'], '/spec/mxReplicaSpecs/*/template'),
  ...ofKinds('kubeflow.org/v1', ['PaddleJob'], '/spec/paddleReplicaSpecs/*/template'),
  ...ofKinds('kubeflow.org/v1', ['PyTorchJob'], '/spec/pytorchReplicaSpecs/*/template'),
  ...ofKinds('kubeflow.org/v1', ['TFJob'], '/spec/tfReplicaSpecs/*/template'),
  ...ofKinds('kubeflow.org/v1', ['XGBoostJob'], '/spec/xgbReplicaSpecs/*/template'),
  ...ofKinds(
    'trainer.kubeflow.org/v1alpha1',
    ['ClusterTrainingRuntime', 'TrainingRuntime'],
    '/spec/template/spec/replicatedJobs/*/template/spec/template',
  ),
  ...ofKinds('jobset.x-k8s.io/v1alpha2', ['JobSet'], '/spec/replicatedJobs/*/template/spec/template'),
  ...ofKinds(
    'leaderworkerset.x-k8s.io/v1',
    ['LeaderWorkerSet'],
    '/spec/leaderWorkerTemplate/leaderTemplate',
    '/spec/leaderWorkerTemplate/workerTemplate',
  ),
  ...ofKinds('batch.volcano.sh/v1alpha1', ['Job'], '/spec/tasks/*/template'),
  ...ofKinds('keda.sh/v1alpha1', ['ScaledJob'], '/spec/jobTargetRef/template'),
  ...ofKinds('ray.io/v1', ['RayCluster'], ...ofRay('')),
  ...ofKinds('ray.io/v1', ['RayJob'], ...ofRay('rayClusterSpec/'), '/spec/submitterPodTemplate'),
  ...ofKinds('ray.io/v1', ['RayService'], ...ofRay('rayClusterConfig/')),
  // Game servers, runners of GitHub's Actions, sources of Knative
  ...ofKinds('agones.dev/v1', ['Fleet'], '/spec/template/spec/template'),
  ...ofKinds('agones.dev/v1', ['GameServer'], '/spec/template'),
  ...ofKinds('actions.github.com/v1alpha1', ['AutoscalingRunnerSet'], '/spec/template'),
  ...ofKinds('sources.knative.dev/v1', ['ContainerSource'], '/spec/template'),
  // Elastic Cloud on Kubernetes
  ...ofKinds('elasticsearch.k8s.elastic.co/v1', ['Elasticsearch'], '/spec/nodeSets/*/podTemplate'),
  ...ofKinds('kibana.k8s.elastic.co/v1', ['Kibana'], '/spec/podTemplate'),
  ...ofKinds('apm.k8s.elastic.co/v1', ['ApmServer'], '/spec/podTemplate'),
  ...ofKinds('logstash.k8s.elastic.co/v1alpha1', ['Logstash'], '/spec/podTemplate'),
  ...ofKinds('beat.k8s.elastic.co/v1beta1', ['Beat'], '/spec/daemonSet/podTemplate', '/spec/deployment/podTemplate'),
  ...ofKinds(
    'agent.k8s.elastic.co/v1alpha1',
    ['Agent'],
    '/spec/daemonSet/podTemplate',
    '/spec/deployment/podTemplate',
    '/spec/statefulSet/podTemplate',
  ),
  ...ofKinds('enterprisesearch.k8s.elastic.co/v1', ['EnterpriseSearch'], '/spec/podTemplate'),
  ...ofKinds('maps.k8s.elastic.co/v1alpha1', ['ElasticMapsServer'], '/spec/podTemplate'),
};

interface Unworkable {
  readonly reason: string;
  readonly remedy: string;
}

const STEPS: Unworkable = {
  reason: 'its steps are containers, of which its controller makes pods of its own shape',
  remedy: 'start their programs with `logtap run`',
};

/** https://github.com/knative/serving/blob/main/pkg/apis/serving/fieldmask.go */
const KNATIVE: Unworkable = {
  reason: 'Knative accepts no grace period and no hook, and by default neither init containers nor emptyDir volumes',
  remedy: 'start its program with `logtap run`, or make it a Deployment',
};

const PARAMETERS: Unworkable = {
  reason: 'its objects have parameters in place of values',
  remedy: 'tap the output of `oc process --local -o yaml`',
};

/** Kinds whose pods cannot have the sidecar, by the group of their version. */
const UNWORKABLE: readonly (readonly [group: string, kinds: RegExp, why: Unworkable])[] = [
  ['argoproj.io', /^(Cron)?Workflow$|^(Cluster)?WorkflowTemplate$/, STEPS],
  ['tekton.dev', /^(Cluster)?Task(Run)?$|^Pipeline(Run)?$/, STEPS],
  ['serving.knative.dev', /^(Service|Configuration|Revision)$/, KNATIVE],
  ['template.openshift.io', /^Template$/, PARAMETERS],
  // Of OpenShift 3.
  ['v1', /^Template$/, PARAMETERS],
];

/** Why the pods of an object cannot have the sidecar, of kinds that are known for it. */
export function whyUnworkable(apiVersion: string, kind: string): Unworkable | undefined {
  const [group] = apiVersion.split('/');
  return UNWORKABLE.find(([of, kinds]) => of === group && kinds.test(kind))?.[2];
}
