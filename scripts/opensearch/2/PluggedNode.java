import java.util.List;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.env.Environment;
import org.opensearch.index.reindex.ReindexPlugin;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/** A node of OpenSearch 2 with the modules that tests need, loaded from the class path. It takes no other plugin. */
final class PluggedNode extends Node {
    PluggedNode(Environment environment, String extension) {
        super(environment, List.of(Netty4Plugin.class, CommonAnalysisPlugin.class, ReindexPlugin.class), true);
        if (extension != null) {
            throw new IllegalArgumentException("a node of OpenSearch 2 loads no plugin: " + extension);
        }
    }
}
