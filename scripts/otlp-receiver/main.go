// Receives the OpenTelemetry protocol over HTTP with the receiver of the OpenTelemetry Collector, and writes each record as a line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	ctx := context.Background()
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	protocols := map[string]any{"http": map[string]any{"endpoint": os.Args[1]}}
	if err := confmap.NewFromStringMap(map[string]any{"protocols": protocols}).Unmarshal(config); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
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
	settings := receivertest.NewNopSettings(factory.Type())
	receiver, err := factory.CreateLogs(ctx, settings, config, next)
	if err == nil {
		err = receiver.Start(ctx, componenttest.NewNopHost())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening")
	select {}
}
