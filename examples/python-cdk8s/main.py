"""A shop and its nightly report, whose logs go to CloudWatch Logs and to OpenSearch."""
from cdk8s import App, Chart, Cron
from cdk8s_logtap import (
    LogTapDefaults,
    LogTapProps,
    SecretKey,
    ShipperOptions,
    Sink,
    TappedCronJob,
    TappedDeployment,
)
from cdk8s_plus_28 import ContainerProps

app = App()
# The image that you have built and pushed: no registry has it otherwise.
LogTapDefaults.set(app, shipper=ShipperOptions(image="registry.example/cdk8s-logtap:0.1.0"))

shop = Chart(app, "shop", namespace="shop", disable_resource_name_hashes=True)
TappedDeployment(
    shop,
    "web",
    containers=[ContainerProps(name="web", image="registry.example/web:3.1", port_number=80)],
    tap=LogTapProps(
        sink=Sink.cloud_watch(log_group="/shop/web", region="eu-central-1"),
        file="/opt/shop/logs/access.log",
        suppress_file=True,
    ),
)

reports = Chart(app, "reports", namespace="reports", disable_resource_name_hashes=True)
TappedCronJob(
    reports,
    "nightly",
    schedule=Cron.schedule(minute="0", hour="3"),
    containers=[ContainerProps(name="report", image="registry.example/report:1.7")],
    tap=LogTapProps(
        sink=Sink.open_search(
            url="https://opensearch.example:9200",
            index="reports",
            username="shipper",
            password_secret=SecretKey(name="opensearch", key="password"),
        ),
    ),
)

app.synth()
