// Receives logs with a receiver of the OpenTelemetry Collector, and writes each record as a line of JSON.
//
//	otel-receiver fluentforward ADDRESS    the Forward protocol
//	otel-receiver otlp ADDRESS             the OpenTelemetry protocol over HTTP
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/fluentforwardreceiver"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

// The receiver, and its configuration as a Collector's file has it.
func chosen(name, address string) (receiver.Factory, map[string]any) {
	endpoint := map[string]any{"endpoint": address}
	if name == "otlp" {
		return otlpreceiver.NewFactory(), map[string]any{"protocols": map[string]any{"http": endpoint}}
	}
	return fluentforwardreceiver.NewFactory(), endpoint
}

func main() {
	ctx := context.Background()
	factory, settings := chosen(os.Args[1], os.Args[2])
	var mutex sync.Mutex
	next, _ := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		mutex.Lock()
		defer mutex.Unlock()
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					line, err := json.Marshal(map[string]any{
						"resource": resource.Resource().Attributes().AsRaw(), "scope": scope.Scope().Name(),
						"body": record.Body().AsRaw(), "attributes": record.Attributes().AsRaw(),
						"nanoseconds": record.Timestamp().AsTime().UnixNano(), "observed": record.ObservedTimestamp().AsTime().UnixNano(),
						"severity": record.SeverityNumber(), "severityText": record.SeverityText(),
						"traceId": record.TraceID().String(), "spanId": record.SpanID().String(),
					})
					if err != nil {
						return err
					}
					fmt.Println(string(line))
				}
			}
		}
		return nil
	})
	config := factory.CreateDefaultConfig()
	err := confmap.NewFromStringMap(settings).Unmarshal(config)
	var running receiver.Logs
	if err == nil {
		running, err = factory.CreateLogs(ctx, receivertest.NewNopSettings(factory.Type()), config, next)
	}
	if err == nil {
		err = running.Start(ctx, componenttest.NewNopHost())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening")
	select {}
}
