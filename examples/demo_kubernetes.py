"""The demo of the admission webhook: a real API server, and what it lets run.

Run by `make demo-k8s`, which builds kube-apiserver and kubectl first. There are no nodes: what would run is in the
cluster as a Pod that waits for one. Everything else is real, and ends with the demo.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from demo import write_layout
from demo_terminal import Demo, draw

from tests.interop import peers
from tests.interop.cluster.our_webhook import run_our_webhook
from tests.interop.cluster.server import Cluster

REMEMBERED_SECONDS = 1
"""How long a refusal counts."""
POLICY = """\
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: {name}
spec:
  images:
  - glob: {registry}/team/**
  authorities:
  - name: {authority}
    key:
      data: |
"""
EXCEPTIONS = """\
apiVersion: cosignpy.dev/v1alpha1
kind: ImagePolicy
metadata:
  name: exceptions
  namespace: cosign-system
spec:
  files:
  - glob: break-glass.yaml
  authorities:
  - name: on-call
    key:
      data: |
"""


def write_policy(demo: Demo, file: str, head: str, key: str) -> None:
    """Write a policy with a public key at its end."""
    lines = (demo.folder / key).read_text().splitlines()
    (demo.folder / file).write_text(head + "".join(f"        {line}\n" for line in lines))


def push(demo: Demo, image: str, message: str) -> None:
    """Push an image with a message in it."""
    write_layout(demo.folder / message, message)
    demo.quietly(f"cosignpy copy oci-layout:{message} {image}")


def tell_admissions(demo: Demo, registry: str) -> None:
    """Let a signed image run, and refuse another."""
    demo.tell("A policy: images of the team are signed with its key. The namespace shop is looked after.")
    demo.run("kubectl apply -f team.yaml")
    demo.run("kubectl create namespace shop")
    demo.quietly("kubectl --namespace shop create serviceaccount default")  # else a controller's work
    demo.run("kubectl label namespace shop policy.sigstore.dev/include=true")
    demo.run("kubectl wait --for=condition=Ready clusterimagepolicy/team")

    demo.tell("A signed image runs, and what runs is what was verified: the tag got its digest.")
    run = "kubectl --namespace shop run"
    demo.run(f"{run} app --image={registry}/team/app:1.0")
    demo.run("kubectl --namespace shop get pod app -o jsonpath={.spec.containers[0].image}")

    demo.tell("One that nobody signed does not.")
    demo.run(f"{run} nobodys --image={registry}/team/app:2.0", expect=1)

    demo.tell("Nor does one that no policy is about.")
    demo.run(f"{run} stray --image={registry}/other/tool:1.0", expect=1)

    demo.tell("Another namespace is only warned, as long as people find out what would be refused.")
    demo.run("kubectl create namespace trial")
    demo.quietly("kubectl --namespace trial create serviceaccount default")
    demo.run("kubectl label namespace trial policy.sigstore.dev/include=true policy.cosignpy.dev/enforcement=warn")
    demo.run(f"kubectl --namespace trial run nobodys --image={registry}/team/app:2.0")


def tell_changes(demo: Demo, registry: str) -> None:
    """Change a policy, and break the glass."""
    demo.tell("A second policy wants the auditors' signature as well. It is in force at once.")
    demo.run("kubectl apply -f audited.yaml")
    demo.quietly("kubectl wait --for=condition=Ready clusterimagepolicy/audited")
    demo.run(f"kubectl --namespace shop run again --image={registry}/team/app:1.0", expect=1)
    demo.run(f"cosignpy sign --key auditors.key --tlog-upload=false {registry}/team/app:1.0")
    time.sleep(REMEMBERED_SECONDS + 0.2)
    demo.run(f"kubectl --namespace shop run again --image={registry}/team/app:1.0")

    demo.tell("In an emergency, those who may sign an exception: for one namespace, for a while, never unnoticed.")
    demo.run(
        f"cosignpy webhook break-glass {registry}/team/app --namespace shop --for 2h "
        "--reason 'INC-4711: the shop is down' --name inc-4711 --key oncall.key --tlog-upload=false -o exception.yaml"
    )
    demo.run("kubectl apply -f exception.yaml")
    demo.quietly("kubectl --namespace shop wait --for=condition=Ready breakglass/inc-4711")
    demo.run(f"kubectl --namespace shop run hotfix --image={registry}/team/app:2.0")


def main() -> None:
    """Run the demo in a folder that is removed at the end."""
    parser = argparse.ArgumentParser(description="Admit signed images to a Kubernetes API server, and refuse others.")
    parser.add_argument("--picture", metavar="FILE", type=Path, help="also draw the terminal to this SVG")
    picture = parser.parse_args().picture
    with tempfile.TemporaryDirectory(prefix="cosignpy-demo-") as name, ExitStack() as stack:
        folder = Path(name)
        programs = os.pathsep.join([str(Path(sys.executable).parent), str(peers.path("kubectl").parent)])
        environment = {
            "HOME": name,
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
            "COSIGN_PASSWORD": "demo",
            "KUBECONFIG": str(folder / "kubeconfig"),
        }
        demo = Demo(folder, environment)
        cluster = stack.enter_context(Cluster(folder / "cluster"))
        cluster.kubeconfig(folder / "kubeconfig")
        registry = stack.enter_context(demo.serving("cosignpy registry serve --port 0 --dir registry")).address
        prepare(demo, registry)
        demo.tell("An API server, a registry with three images, and the webhook, installed from its chart.")
        values = {"settings.break-glass": "true", "settings.refusal-lifetime": f"{REMEMBERED_SECONDS}s"}
        webhook = stack.enter_context(run_our_webhook(cluster, folder / "webhook", registry, **values))
        demo.quietly("kubectl apply -f exceptions.yaml")
        demo.run("kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations")
        tell_admissions(demo, registry)
        tell_changes(demo, registry)
        webhook.stop()
        demo.tell(f"It took {time.monotonic() - demo.began:.1f} s.")
    if picture:
        draw(demo.console, picture, "make demo-k8s")


def prepare(demo: Demo, registry: str) -> None:
    """Make keys, push images and write the policies."""
    for key in ("cosign", "auditors", "oncall"):
        demo.quietly(f"cosignpy generate-key-pair --output-key-prefix {key}")
    for image, message in (("team/app:1.0", "one"), ("team/app:2.0", "two"), ("other/tool:1.0", "tool")):
        push(demo, f"{registry}/{image}", message)
    demo.quietly(f"cosignpy sign --key cosign.key --tlog-upload=false {registry}/team/app:1.0")
    write_policy(demo, "team.yaml", POLICY.format(name="team", registry=registry, authority="release"), "cosign.pub")
    audited = POLICY.format(name="audited", registry=registry, authority="auditors")
    write_policy(demo, "audited.yaml", audited, "auditors.pub")
    write_policy(demo, "exceptions.yaml", EXCEPTIONS, "oncall.pub")


if __name__ == "__main__":
    main()
