// Prints exceptions with inner ones; or dies of an uncaught one, again and again.
using System;
using System.Diagnostics;
using System.IO;
using System.Threading;

static class Logs {
  static FileStream truth;
  static void Mark() { truth.Write(new byte[] { 101, 10 }, 0, 2); truth.Flush(); }
  static void Fetch(int i) { throw new ArgumentException("order " + i + " is not there"); }
  static void Handle(int i) {
    try { Fetch(i); } catch (ArgumentException error) { throw new InvalidOperationException("cannot handle order " + i, error); }
  }

  static void Loop(string name, int count, bool slow) {
    for (int i = 0; i < count; i++) {
      if (i % 5 == 4) { try { Handle(i); } catch (Exception error) { Console.Error.WriteLine(error); } }
      else Console.Error.WriteLine("info: " + name + " order " + i);
      Mark();
      if (slow) Thread.Sleep(4);
    }
  }

  static void Main(string[] args) {
    int count = int.Parse(args[1]);
    if (args[0] == "dies") Handle(count);
    truth = new FileStream(Environment.GetEnvironmentVariable("TRUTH"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
    if (args[0] == "uncaught") {
      for (int i = 0; i < count / 5; i++) {
        Console.Error.WriteLine("starting worker " + i);
        Mark();
        var start = new ProcessStartInfo("mono", Environment.GetCommandLineArgs()[0] + " dies " + i) { UseShellExecute = false };
        Process.Start(start).WaitForExit();
        Mark();
      }
    } else if (args[2] == "threads") {
      var threads = new Thread[2];
      for (int n = 0; n < 2; n++) { string name = "worker-" + n; threads[n] = new Thread(() => Loop(name, count, false)); threads[n].Start(); }
      foreach (var thread in threads) thread.Join();
    } else Loop("main", count, args[2] == "low");
  }
}
