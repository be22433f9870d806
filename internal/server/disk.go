package server

import (
	"errors"
	"fmt"
	"syscall"

	"fazt/internal/activity"
	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/output"
)

func (i *Instance) space(total int64) (low, reserve int64) { return i.Limits.Storage().Space(total) }

// diskChanged records the state of the disk. While nothing can be written, the entry waits in memory; followers of the
// log see it at once.
func (i *Instance) diskChanged(d database.Disk) {
	if i.Activity == nil { // the database is still being opened
		return
	}
	result := activity.OK
	if d.State >= database.DiskFull {
		result = activity.Failed
	}
	i.Activity.Record(activity.Entry{
		Weight: activity.System, Action: "disk." + d.State.String(), Result: result, Actor: activity.Actor{Kind: activity.ItSelf}, ResourceType: "database",
		Details: activity.Details(map[string]any{"reason": d.Reason, "free": d.Free, "total": d.Total}),
	})
}

// writable returns an error if the instance cannot store anything.
func (i *Instance) writable() error {
	switch d := i.DB.Disk(); {
	case d.State == database.DiskFull:
		return errs.New(errs.StorageFull, "the disk is full: %s", d.Reason)
	case d.State > database.DiskFull:
		return errs.New(errs.Unavailable, "the database cannot be written: %s", d.Reason)
	}
	return nil
}

func (i *Instance) diskHealth(h *op.Health) {
	d := i.DB.Disk()
	h.Disk = op.HealthDisk{
		State: d.State.String(), Reason: d.Reason, Since: d.Since, Free: d.Free, Total: d.Total, FailedWrites: int64(d.Failed), UnreadableReads: int64(d.Unreadable),
		Unreadable: i.static.Unreadable(),
	}
}

// diskProblems lists the problems of the disk that need attention.
func diskProblems(h *op.Health) (list []string) {
	reason := h.Disk.Reason
	switch h.Disk.State {
	case database.DiskSound.String():
	case database.DiskLow.String():
		list = append(list, reason+"; free some space before writes start to fail")
	case database.DiskScarce.String():
		list = append(list, reason+"; functions cannot store anything until space is free")
	case database.DiskFull.String():
		list = append(list, reason+"; nothing can be stored until space is free; stored content is still served")
	case database.DiskLost.String():
		list = append(list, reason+"; nothing is written anymore. Put it back, or save what the server still has with `fazt backup FILE` before it stops")
	case database.DiskOverwritten.String():
		list = append(list, reason+"; nothing is written anymore. `fazt server restart` serves what is in the file now; the last writes are next to it, in the file that ends in -wal.overwritten")
	default:
		list = append(list, reason+"; nothing can be stored; stored content is still served")
	}
	if n := h.Disk.UnreadableReads; n > 0 {
		text := fmt.Sprintf("%s of the database failed, because a part of it is damaged or the disk cannot read it", output.Count(int(n), "read"))
		for _, name := range h.Disk.Unreadable {
			text += "; " + name
		}
		list = append(list, text+". Restore a backup on a healthy disk")
	}
	return list
}

// unwritable reports whether err means that nothing can be created on the disk.
func unwritable(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}
