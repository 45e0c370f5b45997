{{- define "webhook.selector" -}}
app.kubernetes.io/name: cosignpy-webhook
{{- end }}
{{- define "webhook.labels" -}}
{{ include "webhook.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: cosignpy
{{- end }}
{{- define "webhook.metadata" -}}
namespace: {{ .Values.namespace.name }}
labels:
  {{- include "webhook.labels" . | nindent 2 }}
{{- end }}
{{- define "webhook.injected" -}}
{{- if eq .Values.certificates.mode "cert-manager" -}}
annotations:
  cert-manager.io/inject-ca-from: {{ .Values.namespace.name }}/webhook
{{- end }}
{{- end }}
{{- define "webhook.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}
{{- define "webhook.excluded" -}}
{{- uniq (prepend .Values.namespaces.excluded .Values.namespace.name) | toJson }}
{{- end }}
{{- define "webhook.namespaceSelector" -}}
matchExpressions:
  {{- if eq .Values.namespaces.mode "opt-in" }}
  - {key: policy.sigstore.dev/include, operator: In, values: ["true"]}
  {{- else }}
  - {key: policy.sigstore.dev/include, operator: NotIn, values: ["false"]}
  {{- end }}
  - {key: kubernetes.io/metadata.name, operator: NotIn, values: {{ include "webhook.excluded" . }}}
{{- end }}
{{- define "webhook.client" -}}
service:
  name: webhook
  namespace: {{ .root.Values.namespace.name }}
  port: 443
  path: {{ .path }}
{{- end }}
{{- define "webhook.rules" -}}
- apiGroups: [""]
  apiVersions: [v1]
  operations: [CREATE, UPDATE]
  resources: [pods, pods/ephemeralcontainers, podtemplates, replicationcontrollers]
- apiGroups: [apps]
  apiVersions: [v1]
  operations: [CREATE, UPDATE]
  resources: [daemonsets, deployments, replicasets, statefulsets]
- apiGroups: [batch]
  apiVersions: [v1]
  operations: [CREATE, UPDATE]
  resources: [cronjobs, jobs]
{{- range .Values.podSpecs }}
- apiGroups: [{{ .group | quote }}]
  apiVersions: {{ .versions | toJson }}
  operations: [CREATE, UPDATE]
  resources: [{{ .resource }}]
{{- end }}
{{- end }}
{{- define "webhook.changed" -}}
request.operation != "UPDATE" || (
  request.resource.group == "" && request.resource.resource == "pods" ? object.?spec != oldObject.?spec :
  request.resource.group == "" && request.resource.resource == "podtemplates" ? object.?template != oldObject.?template :
  request.resource.group == "batch" && request.resource.resource == "cronjobs" ?
    object.?spec.?jobTemplate != oldObject.?spec.?jobTemplate :
  request.resource.group in ["", "apps", "batch"] ? object.?spec.?template != oldObject.?spec.?template :
  {{- $changes := dict }}
  {{- range .Values.podSpecs }}
  {{- $place := printf "request.resource.group == %q && request.resource.resource == %q" .group .resource }}
  {{- $path := splitList "." (regexReplaceAll "\\[.*" .path "") | join ".?" }}
  {{- $change := printf "object.?%s != oldObject.?%s" $path $path }}
  {{- $_ := set $changes $place (append (get $changes $place | default list) $change) }}
  {{- end }}
  {{- range $place, $found := $changes }}
  {{ $place }} ?
    {{ join " || " $found }} :
  {{- end }}
  object != oldObject)
{{- end }}
{{- define "webhook.mirror" -}}
!("system:nodes" in request.userInfo.?groups.orValue([]) && request.operation == "CREATE"
  && "kubernetes.io/config.mirror" in object.metadata.?annotations.orValue({}))
{{- end }}
{{- define "webhook.tagged" -}}
request.resource.group != "" || request.resource.resource != "pods" || !(
  object.?spec.?containers.orValue([]).all(c, c.?image.orValue("").matches("@sha256:[0-9a-f]{64}$"))
  && object.?spec.?initContainers.orValue([]).all(c, c.?image.orValue("").matches("@sha256:[0-9a-f]{64}$"))
  && object.?spec.?ephemeralContainers.orValue([]).all(c, c.?image.orValue("").matches("@sha256:[0-9a-f]{64}$"))
  && object.?spec.?volumes.orValue([]).filter(v, has(v.image)).all(v,
    v.image.?reference.orValue("").matches("@sha256:[0-9a-f]{64}$")))
{{- end }}
{{- define "webhook.conditions" -}}
{{- if not .Values.webhook.sendUnchanged }}
- name: pods-changed
  expression: |-
    {{- include "webhook.changed" . | nindent 4 }}
{{- end }}
{{- if not .Values.webhook.sendMirrorPods }}
- name: no-mirror-pods
  expression: |-
    {{- include "webhook.mirror" . | nindent 4 }}
{{- end }}
{{- with .Values.webhook.matchConditions }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- define "webhook.matchConditions" -}}
{{- with include "webhook.conditions" . | trim -}}
matchConditions:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- define "webhook.mutatingConditions" -}}
{{- $pinned := "" }}
{{- if not .Values.webhook.sendPinnedPods }}
{{- $pinned = printf "\n- name: tags-in-pods\n  expression: |-\n%s" (include "webhook.tagged" . | indent 4) }}
{{- end }}
{{- with printf "%s%s" (include "webhook.conditions" .) $pinned | trim -}}
matchConditions:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- define "webhook.policyRules" -}}
- apiGroups: [policy.sigstore.dev]
  apiVersions: [v1alpha1, v1beta1]
  operations: [CREATE, UPDATE]
  resources: [clusterimagepolicies, trustroots]
- apiGroups: [cosignpy.dev]
  apiVersions: [v1alpha1]
  operations: [CREATE, UPDATE]
  resources: [imagepolicies]
{{- end }}
{{- define "webhook.arguments" -}}
- webhook
- serve
- --secure-port=8443
- --metrics-port=9090
- --log-level={{ .Values.logLevel }}
{{- if eq .Values.certificates.mode "cert-manager" }}
- --tls-certificate=/etc/cosignpy/tls/tls.crt
- --tls-key=/etc/cosignpy/tls/tls.key
{{- end }}
{{- if .Values.trust.disabled }}
- --disable-tuf
{{- end }}
{{- if .Values.registry.caBundle.name }}
- --registry-cacert=/etc/cosignpy/registry-ca/ca.crt
{{- end }}
{{- if .Values.registry.cloudCredentials }}
- --cloud-credentials
{{- end }}
{{- with .Values.clusterName }}
- --cluster={{ . }}
{{- end }}
{{- if .Values.audit.enabled }}
- --audit
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- define "webhook.beltAction" -}}
{{- $enforcement := index .Values.settings "enforcement" | default "deny" | toString }}
{{- .Values.belt.action | default (get (dict "deny" "Deny" "warn" "Warn" "audit" "Audit") $enforcement) | default "Deny" }}
{{- end }}
