package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"fazt/internal/errs"
	"fazt/internal/gateway"
	"fazt/internal/listener"
	"fazt/internal/listener/edge"
	"fazt/internal/system"
)

// Ready is called when the instance accepts requests.
type Ready func(addresses []net.Addr)

// Run serves until ctx ends, an operation stops it, or a part fails. Then it stops the parts in order: the edges drain,
// the work ends, the sinks are flushed. It returns nil after a requested stop.
func (i *Instance) Run(ctx context.Context, ready Ready) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	i.sweepScratch()
	edges, err := i.listen()
	if err != nil {
		return err
	}
	r := &run{ctx: ctx, started: time.Now().UTC().Truncate(time.Millisecond), stop: stop}
	var addresses []net.Addr
	for _, e := range edges {
		if e.Listener.Addr().Network() == "tcp" {
			addresses = append(addresses, e.Listener.Addr())
			r.listen = append(r.listen, e.Listener.Addr().String())
		}
	}
	i.address.Store(&r.listen[0])
	i.running.Store(r)
	defer i.running.Store(nil)

	sinks := begin(context.WithoutCancel(ctx), stop, i.Activity.Run, i.AppLog.Run, i.Keys.Run, i.NetLog.Run, i.Net.Run)
	disk := begin(context.WithoutCancel(ctx), stop, i.DB.Watch)
	work := begin(context.WithoutCancel(ctx), stop, i.engine.Run, i.Hosting.Run, i.Hosting.Watch, i.KV.Run, i.serveProcess, i.governor.run, i.storeStops, i.watchBurning, i.removeLeftovers)
	front := begin(context.WithoutCancel(ctx), stop, services(edges)...)
	if err := i.started(ctx, r); err != nil {
		i.log.Error("the start could not be recorded", "error", err)
	}
	if ready != nil {
		ready(addresses)
	}
	<-ctx.Done()
	i.api.EndStreams()
	i.engine.EndStreams()
	if i.reload != nil {
		i.reload.Close() // its streams would never drain
	}
	if r.handover.Load() {
		i.keep(edges)
	}
	err = errors.Join(front.end(), work.end())
	i.Gate.Close()
	i.Activity.Stopped(system.Version)
	return errors.Join(err, sinks.end(), disk.end())
}

// serveProcess keeps the process ready to serve until ctx ends, if this instance controls it.
func (i *Instance) serveProcess(ctx context.Context) error {
	if i.config.Process == nil {
		<-ctx.Done()
		return nil
	}
	return i.config.Process.Serve(ctx)
}

// stage is a set of services that stop together.
type stage struct {
	group  *errgroup.Group
	cancel context.CancelFunc
}

// begin starts services; the first that fails or returns on its own stops everything by calling stop.
func begin(ctx context.Context, stop func(), services ...func(ctx context.Context) error) *stage {
	ctx, cancel := context.WithCancel(ctx)
	s := &stage{group: &errgroup.Group{}, cancel: cancel}
	for _, service := range services {
		s.group.Go(func() error {
			defer stop()
			err := service(ctx)
			if errors.Is(err, context.Canceled) && ctx.Err() != nil {
				return nil
			}
			return err
		})
	}
	return s
}

// end stops the services and waits for them.
func (s *stage) end() error {
	s.cancel()
	return s.group.Wait()
}

// listen opens the socket and every address, or none.
func (i *Instance) listen() (edges []edge.Edge, err error) {
	defer i.config.Handed.Close()
	defer func() {
		if err != nil {
			for _, e := range edges {
				e.Listener.Close()
			}
		}
	}()
	if len(i.settings.Listen) == 0 {
		return nil, errs.New(errs.Invalid, "there is no address to listen on")
	}
	limit := listener.NewLimit(listener.LimitConfig{
		Max:     func() int { return i.Limits.HTTP().MaxConnections },
		PerIP:   func() int { return i.Limits.HTTP().MaxPerIP },
		Trusted: func(ip netip.Addr) bool { return gateway.Trusted(i.System.Settings().TrustedProxies(), ip) },
	})
	for _, address := range i.settings.Listen {
		l, err := i.config.Handed.TCP(address, limit)
		if err != nil {
			return edges, err
		}
		edges = append(edges, i.edge(address, l, i.front))
	}
	path, l, err := i.controlSocket()
	if unwritable(err) { // visitors are still served
		i.log.Error("no control socket: commands on this machine cannot reach the server", "error", err)
		return edges, nil
	}
	if err != nil {
		return edges, err
	}
	return append(edges, i.edge(path, l, i.API())), nil
}

// controlSocket opens the socket for commands: next to the database, or in a runtime folder if that place cannot be
// written.
func (i *Instance) controlSocket() (path string, l net.Listener, err error) {
	path = listener.SocketPath(i.config.Database)
	if l, err = i.config.Handed.Socket(path); !unwritable(err) {
		return path, l, err
	}
	other, failed := listener.RuntimeSocketPath(i.config.Database)
	if failed == nil {
		l, failed = i.config.Handed.Socket(other)
	}
	if failed != nil {
		return path, nil, errors.Join(err, failed)
	}
	i.log.Warn("the control socket cannot be next to the database", "socket", other, "error", err)
	return other, l, nil
}

func (i *Instance) edge(address string, l net.Listener, h http.Handler) edge.Edge {
	return edge.Edge{
		Address: address, Listener: l, Handler: i.visitors.count(edge.Progress(h, i.Limits)), Limits: i.Limits, Log: i.log, Stuck: i.stuck,
	}
}

func services(edges []edge.Edge) []func(ctx context.Context) error {
	list := make([]func(ctx context.Context) error, 0, len(edges))
	for _, e := range edges {
		list = append(list, e.Run)
	}
	return list
}
