import java.util.Collections;
import java.util.stream.Stream;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.env.Environment;
import org.opensearch.index.reindex.ReindexModulePlugin;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/** A node of OpenSearch 3 with the modules that tests need, loaded from the class path. */
final class PluggedNode extends Node {
    PluggedNode(Environment environment, String extension) {
        super(
            environment,
            Stream.concat(
                Stream.of(Netty4ModulePlugin.class, CommonAnalysisModulePlugin.class, ReindexModulePlugin.class)
                    .map(Class::getName),
                Stream.ofNullable(extension)
            ).map(PluggedNode::module).toList(),
            true
        );
    }

    private static PluginInfo module(String name) {
        return new PluginInfo(name, "module", "NA", Version.CURRENT, "21", name, null, Collections.emptyList(), false);
    }
}
