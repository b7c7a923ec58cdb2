// Receives the Forward protocol with the receiver of the OpenTelemetry Collector, and writes each record as a line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/fluentforwardreceiver"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	ctx := context.Background()
	factory := fluentforwardreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*fluentforwardreceiver.Config)
	config.ListenAddress = os.Args[1]
	var mutex sync.Mutex
	next, _ := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		mutex.Lock()
		defer mutex.Unlock()
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					line, err := json.Marshal(map[string]any{
						"body": record.Body().AsRaw(), "attributes": record.Attributes().AsRaw(), "nanoseconds": record.Timestamp().AsTime().UnixNano(),
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
