-- Prints lines and exceptions with their call stacks on stderr.
import Control.Concurrent (threadDelay)
import Control.Exception (ErrorCall, displayException, evaluate, try)
import Control.Monad (forM_, when)
import GHC.Stack (HasCallStack)
import System.Environment (getArgs, getEnv)
import System.IO

fetch :: HasCallStack => Int -> Int
fetch i = error ("order " ++ show i ++ " is not there")

handle :: HasCallStack => Int -> Int
handle i = fetch i + 1

main :: IO ()
main = do
  [count, load] <- getArgs
  truth <- getEnv "TRUTH" >>= \path -> openFile path AppendMode
  hSetBuffering truth LineBuffering
  forM_ [0 .. read count - 1] $ \i -> do
    if i `mod` 5 == 4
      then try (evaluate (handle i)) >>= either (\e -> hPutStrLn stderr ("logs: " ++ displayException (e :: ErrorCall))) print
      else hPutStrLn stderr ("order " ++ show i ++ " accepted")
    hPutStrLn truth "e"
    when (load `elem` ["low", "pipe"]) (threadDelay 4000)
