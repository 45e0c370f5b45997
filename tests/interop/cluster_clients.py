"""The part of docs/interop.md about Kubernetes: who asks the webhook, and whom it is compared with."""

from typing import Final

CLUSTER_BEFORE: Final = """\
## Kubernetes

`cosignpy webhook` runs as its own process, by its Helm chart, with a service account and the roles of that. The API
server, its controllers and the policy controller are the real ones, on Debian's etcd, without nodes.
"""

CLUSTER_CLIENTS: Final = (
    (
        "kube-apiserver",
        "asks about every kind that runs images, created, changed, debugged, deleted",
        "images that are stored, statuses, messages, warnings, audit events",
        "test_webhook_objects.py",
    ),
    (
        "kube-apiserver",
        "failure policies, timeouts, match conditions, other webhooks in between, dry runs",
        "what is admitted, and what people read",
        "test_webhook_calls.py",
    ),
    (
        "kube-apiserver",
        "restarts, forgets its history, loses one of two webhooks to SIGTERM and to SIGKILL",
        "which admissions fail, and when what was changed is in force",
        "test_webhook_outages.py",
    ),
    (
        "kube-apiserver",
        "sends the events of a thousand policies that come, change, and go",
        "each state is in force",
        "test_webhook_many_policies.py",
    ),
    (
        "kube-controller-manager",
        "makes and deletes Pods: of ReplicaSets, Deployments, CronJobs; collects garbage",
        "what it may still do with what ran before a policy",
        "test_webhook_objects.py",
    ),
    (
        "policy-controller",
        "decides over the same admissions, of the same images, by the same policies",
        "the same images, and the same words in refusals and warnings",
        "test_webhook_answers.py",
    ),
    (
        "policy-controller",
        "is asked again whether it still does what was recorded",
        "its answers",
        "test_policy_controller.py",
    ),
    (
        "policy-tester",
        "decides over policies, images and conditions that are made by a table, without a cluster",
        "exit codes and what is told, but for words of Go's own",
        "test_policy_tester_beside.py",
    ),
    (
        "helm",
        "renders the chart",
        "everything in it is accepted by the API server",
        "test_webhook_outages.py",
    ),
)
"""The peer, what it does, what is compared, and the tests."""
