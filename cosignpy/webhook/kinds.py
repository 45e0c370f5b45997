"""The types of objects of a cluster that the webhook reads or writes."""

from typing import Final

from cosignpy.webhook.ports import ResourceType

POLICY_GROUP: Final = "policy.sigstore.dev"
"""Of the policy controller's types."""
OWN_GROUP: Final = "cosignpy.dev"
"""Of ours."""

CLUSTER_IMAGE_POLICY: Final = ResourceType(
    POLICY_GROUP, "v1beta1", "ClusterImagePolicy", "clusterimagepolicies", namespaced=False
)
"""In the version that is stored and read."""
CLUSTER_IMAGE_POLICY_V1ALPHA1: Final = ResourceType(
    POLICY_GROUP, "v1alpha1", "ClusterImagePolicy", "clusterimagepolicies", namespaced=False
)
TRUST_ROOT: Final = ResourceType(POLICY_GROUP, "v1alpha1", "TrustRoot", "trustroots", namespaced=False)
IMAGE_POLICY: Final = ResourceType(OWN_GROUP, "v1alpha1", "ImagePolicy", "imagepolicies")
"""A policy of a namespace."""
BREAK_GLASS: Final = ResourceType(OWN_GROUP, "v1alpha1", "BreakGlass", "breakglasses")
"""A signed exception."""

SECRET: Final = ResourceType("", "v1", "Secret", "secrets")
CONFIG_MAP: Final = ResourceType("", "v1", "ConfigMap", "configmaps")
SERVICE_ACCOUNT: Final = ResourceType("", "v1", "ServiceAccount", "serviceaccounts")
NAMESPACE: Final = ResourceType("", "v1", "Namespace", "namespaces", namespaced=False)
SERVICE: Final = ResourceType("", "v1", "Service", "services")

POD: Final = ResourceType("", "v1", "Pod", "pods")
POD_TEMPLATE: Final = ResourceType("", "v1", "PodTemplate", "podtemplates")
REPLICATION_CONTROLLER: Final = ResourceType("", "v1", "ReplicationController", "replicationcontrollers")
REPLICA_SET: Final = ResourceType("apps", "v1", "ReplicaSet", "replicasets")
DEPLOYMENT: Final = ResourceType("apps", "v1", "Deployment", "deployments")
STATEFUL_SET: Final = ResourceType("apps", "v1", "StatefulSet", "statefulsets")
DAEMON_SET: Final = ResourceType("apps", "v1", "DaemonSet", "daemonsets")
JOB: Final = ResourceType("batch", "v1", "Job", "jobs")
CRON_JOB: Final = ResourceType("batch", "v1", "CronJob", "cronjobs")
WORKLOADS: Final = (
    POD,
    POD_TEMPLATE,
    REPLICATION_CONTROLLER,
    REPLICA_SET,
    DEPLOYMENT,
    STATEFUL_SET,
    DAEMON_SET,
    JOB,
    CRON_JOB,
)
"""What runs images."""

LEASE: Final = ResourceType("coordination.k8s.io", "v1", "Lease", "leases")
EVENT: Final = ResourceType("events.k8s.io", "v1", "Event", "events")
MUTATING_WEBHOOKS: Final = ResourceType(
    "admissionregistration.k8s.io",
    "v1",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
    namespaced=False,
)
VALIDATING_WEBHOOKS: Final = ResourceType(
    "admissionregistration.k8s.io",
    "v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    namespaced=False,
)
CUSTOM_RESOURCE_DEFINITION: Final = ResourceType(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)

POLICY_REPORT: Final = ResourceType("wgpolicyk8s.io", "v1alpha2", "PolicyReport", "policyreports")
