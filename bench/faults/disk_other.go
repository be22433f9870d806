//go:build !linux

package main

import "context"

func diskFull(context.Context, *lab) error     { return skip("it works on Linux") }
func readOnlyDisk(context.Context, *lab) error { return skip("it works on Linux") }
func deleted(context.Context, *lab) error      { return skip("it works on Linux") }
func badSector(context.Context, *lab) error    { return skip("it works on Linux") }
func twoNames(context.Context, *lab) error     { return skip("it works on Linux") }

func (l *lab) backupOntoFullDisk(context.Context, *instance) error { return nil }
