"""The house: four rooms (actors), what they stand on, and the doors to it. A folder a line, from the top floor down.

doors/                        for people
doors/cli/                    the command line itself: commands and their options, errors, Ctrl-C
doors/barkeeper/              what programs import, installed as ``barkeeper``
doors/commands/               what each command does, under the command's name
doors/commands/journal/       what is done with the journal of a live day
doors/guide/                  the manual: its chapters, and how they are shown
doors/commands/strategies/    what is done with a strategy of the user's
doors/commands/stores/        what is done with stores as a whole
doors/show/                   tables, the live panel, lines, numbers, progress
doors/web/                    a run or a store on a page in the browser; the HTTP server
doors/metrics/                what a run tells to monitoring: metrics, health, a dashboard of them
doors/remote/                 who asks from another process: the status socket
sweep/                        many sessions, symbols and parameters in pieces: planned, dealt out, gathered
flight/                       a session for other processes and languages: its server, and the client
proving/                      whether a strategy sees the future: worlds that have another one, compared
importing/                    many files into a store, and what became of every row
exporting/                    what a store holds, to where others query it
importing/dealt/              an import that several processes share, a day each at a time
importing/held/               the bars of an import on their way to the store, in memory or in a temporary file
fetching/                     what a store lacks, asked for session by session, written and certified
vendors/                      whose bars can be had; what a vendor says of itself; those that only write files
vendors/alpaca/               files, the live stream, and history
vendors/binance/              klines of its data archive
vendors/ccxt/                 crypto exchanges: their trades and candles, live and past
vendors/databento/            DBN files, the instruments in them, and the live gateways
vendors/freqtrade/            candles and trades
vendors/history/              what vendors remember, as an upstream: pages, pace, and whose silence is believed
vendors/house/                the house's own feeds: a market that is made up, a stored day replayed
vendors/ibkr/                 bars as ib_insync and ib_async frame them, and those that TWS sends
vendors/lean/                 QuantConnect LEAN's data folder
vendors/massive/              flat files of a whole market's day; the live stream and the history of stocks
vendors/plain/                whatever any program can write: text, Parquet, single trades, JSON lines
vendors/yahoo/                what yfinance writes, and the minutes of the last days
session_data/                 a room: the session, the only writer of bars in memory
session_data/take/            how what arrives is taken: bars, whole minutes, trades, quotes, bars in the making
session_data/hold/            what is held of the open session: the grid, the book, derived bars, senders
session_data/members/         who belongs to the session: joining, catching up, locks
session_data/past/            closed sessions: history, daily bars, warm-up, sealing
session_data/answer/          what readers get: bars, metrics, quality, the past
stream_coordinator/           a room: order and time
stream_coordinator/backtest/  the tape being played, pace, credit
stream_coordinator/live_day/  feeds heard, phases, lag, readiness, writing down
data_upkeep/                  a room: completeness; stores, gap filling, prefetch, certificates
system_manager/               a room: life, mode, supervision
storage/                      where bars rest
storage/beside/               the certificate that lies beside the bars of a day
storage/elsewhere/            a store by where it lies: a folder, or an address
storage/journal/              a live day as it was received, message by message
storage/narrow/               several days in one file, where a day has few bars
storage/postgres/             bars in a PostgreSQL server
feeds/                        where bars come from now: the port, the runner, what feeds share
feeds/jsonlines/              lines of JSON from any program
feeds/simulated/              a market that is made up
kernel/                       how rooms talk; the only place that knows Pykka
kernel/ask/                   what may be asked and commanded, as methods
kernel/listen/                subscriptions, and minutes that wait for them
kernel/watch/                 who looks at a live day from outside of its rooms
market/                       pure rules of sessions and bars: calendar, gaps, aggregation, digest
market/hours/                 when an exchange trades: calendars and their timetables
reading/                      pure: bytes and text into columns, whoever wrote them
reading/raw/                  bytes of files and columns of tables as they lie in memory
reading/spelling/             how names, numbers, zones and characters are spelled

And single files: ``system`` the door for programs, ``store`` that for who reads what is stored without a system,
``strategy`` what users write and how it is found in a file, ``lived_day`` for who asks what was known of a live day,
``wiring`` the only module that knows everybody, ``conversation`` who is told what, ``settings`` what can be set,
``upstream`` who is asked for missing minutes, ``outside`` what a system asks of others than its store, ``recording`` a
live day out of its journal, ``inspecting`` what a store holds, ``verifying`` whether it is what was certified.
"""
