//go:build tools

// Package etcd pins etcd: `go install` refuses a module with replace lines.
package etcd

import _ "go.etcd.io/etcd/server/v3"
