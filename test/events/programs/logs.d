// Prints lines and the traces of exceptions on stderr.
import core.thread, core.time, std.conv, std.process, std.stdio;

int fetch(int i)
{
    throw new Exception("order " ~ i.to!string ~ " is not there");
}

int handle(int i)
{
    try
        return fetch(i);
    catch (Exception error)
        throw new Exception("cannot handle order " ~ i.to!string ~ "\nof the shop", error);
}

void main(string[] arguments)
{
    auto truth = File(environment["TRUTH"], "a");
    foreach (i; 0 .. arguments[1].to!int)
    {
        if (i % 5 == 4)
        {
            try
                handle(i);
            catch (Exception error)
                stderr.writeln(error);
        }
        else
            stderr.writeln("order ", i, " accepted");
        truth.writeln("e");
        truth.flush();
        if (arguments[2] == "low" || arguments[2] == "pipe")
            Thread.sleep(4.msecs);
    }
}
