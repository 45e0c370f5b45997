// Command helm_charts pulls and pushes charts with Helm's own registry client, over plain HTTP.
//
//	helm_charts pull REFERENCE FOLDER    writes chart.tgz and its .prov file; prints name and version
//	helm_charts push FILE REFERENCE      pushes a chart with the .prov file beside it; prints the digest
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"helm.sh/helm/v3/pkg/registry"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: helm_charts pull REFERENCE FOLDER | push FILE REFERENCE")
	}
	client, err := registry.NewClient(registry.ClientOptPlainHTTP(), registry.ClientOptWriter(os.Stderr))
	if err != nil {
		return err
	}
	if args[0] == "pull" {
		return pull(client, args[1], args[2])
	}
	return push(client, args[1], args[2])
}

func pull(client *registry.Client, reference, folder string) error {
	found, err := client.Pull(reference, registry.PullOptWithProv(true), registry.PullOptIgnoreMissingProv(true))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "chart.tgz"), found.Chart.Data, 0o600); err != nil {
		return err
	}
	if found.Prov != nil && len(found.Prov.Data) > 0 {
		if err := os.WriteFile(filepath.Join(folder, "chart.tgz.prov"), found.Prov.Data, 0o600); err != nil {
			return err
		}
	}
	fmt.Printf("%s %s\n", found.Chart.Meta.Name, found.Chart.Meta.Version)
	return nil
}

func push(client *registry.Client, file, reference string) error {
	chart, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	options := []registry.PushOption{}
	if prov, err := os.ReadFile(file + ".prov"); err == nil {
		options = append(options, registry.PushOptProvData(prov))
	}
	pushed, err := client.Push(chart, reference, options...)
	if err != nil {
		return err
	}
	fmt.Println(pushed.Manifest.Digest)
	return nil
}
