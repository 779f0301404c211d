"""A service in Python: pydantic models of exactly the fields that the protocol promises, and a plain Kafka client.

It keeps stock in a SQLite file. `reserve_items` takes items from it, `release_items` puts back what a journey took, and
`ship_items` fails for more than MOST_AT_ONCE, so that one can watch an undo.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python stock_service.py --brokers 127.0.0.1:9092 --data stock.sqlite

On a cluster with SASL_SSL; the password stands in the environment, where no list of processes shows it:

    STOCK_PASSWORD=... .venv/bin/python stock_service.py --brokers kafka.example.com:9093 --ca ca.pem \\
        --sasl SCRAM-SHA-512 --username stock
"""

import argparse
import asyncio
import os
import signal
import sqlite3
import ssl
from typing import Any, Callable, Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic import BaseModel, ConfigDict, ValidationError

SERVICE = "stock"
MOST_AT_ONCE = 10
RETRY_SECONDS = 1.0
PASSWORD_VARIABLE = "STOCK_PASSWORD"


class FromManager(BaseModel):
    """A command. Fields of the record that aren't here are ignored."""

    model_config = ConfigDict(extra="ignore")

    uuid: str
    name: str
    version: str
    service: str
    function: str
    schema_version: str
    data: Any


class ToManager(BaseModel):
    """A reply."""

    uuid: str
    name: str
    version: str
    service: str
    function: str
    status: Literal["success", "inprogress", "failure"]
    schema_version: str
    data: Any


class Refused(Exception):
    """The function says no: a failure, without effect."""


class Stock:
    """The service's own database. An effect, the command's id and the reply are one transaction."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, reply TEXT NOT NULL)")
        self.db.execute("CREATE TABLE IF NOT EXISTS reservations (journey TEXT PRIMARY KEY, quantity INTEGER NOT NULL)")
        self.db.execute("CREATE TABLE IF NOT EXISTS effects (n INTEGER PRIMARY KEY, journey TEXT, function TEXT)")

    def handle(self, command_id: str, command: FromManager) -> str:
        """The reply as JSON; of a command that is known already, the reply that it got before."""
        known = self.db.execute("SELECT reply FROM inbox WHERE id = ?", (command_id,)).fetchone()
        if known is not None:
            return known[0]
        self.db.execute("BEGIN IMMEDIATE")
        try:
            reply = self.reply_to(command).model_dump_json()
            self.db.execute("INSERT INTO inbox (id, reply) VALUES (?, ?)", (command_id, reply))
            self.db.execute("COMMIT")
            return reply
        except BaseException:
            self.db.execute("ROLLBACK")
            raise

    def reply_to(self, command: FromManager) -> ToManager:
        functions: dict[str, Callable[[FromManager], Any]] = {
            "reserve_items": self.reserve_items,
            "release_items": self.release_items,
            "ship_items": self.ship_items,
        }
        status: Literal["success", "failure"] = "success"
        try:
            function = functions.get(command.function)
            if function is None:
                raise Refused(f"{SERVICE} has no function {command.function}")
            data = function(command)
        except Refused as refusal:
            status, data = "failure", {"message": str(refusal)}
        return ToManager(status=status, **command.model_dump(exclude={"data"}), data=data)

    def reserve_items(self, command: FromManager) -> Any:
        quantity = command.data.get("quantity", 1) if isinstance(command.data, dict) else 1
        row = self.db.execute(
            "INSERT INTO reservations (journey, quantity) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (command.uuid, quantity),
        )
        if row.rowcount > 0:
            self.note(command)
        return {"quantity": quantity, "reserved": True}

    def release_items(self, command: FromManager) -> Any:
        """Undoes `reserve_items`. There may be nothing to undo: its outcome need not be known."""
        row = self.db.execute("DELETE FROM reservations WHERE journey = ?", (command.uuid,))
        if row.rowcount > 0:
            self.note(command)
        return {"released": row.rowcount > 0}

    def ship_items(self, command: FromManager) -> Any:
        quantity = command.data.get("quantity", 1)
        if quantity > MOST_AT_ONCE:
            raise Refused(f"{quantity} items don't fit into one parcel; {MOST_AT_ONCE} do")
        self.note(command)
        return {**command.data, "shipped": True}

    def note(self, command: FromManager) -> None:
        self.db.execute("INSERT INTO effects (journey, function) VALUES (?, ?)", (command.uuid, command.function))


def connection_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """What consumer and producer are told of the cluster: where it is, and how to get in."""
    options: dict[str, Any] = {"bootstrap_servers": arguments.brokers}
    tls = arguments.tls or arguments.ca is not None or arguments.cert is not None
    if tls:
        options["ssl_context"] = ssl.create_default_context(cafile=arguments.ca)
        if arguments.cert is not None:
            options["ssl_context"].load_cert_chain(arguments.cert, arguments.key)
    if arguments.sasl is not None:
        options["sasl_mechanism"] = arguments.sasl
        options["sasl_plain_username"] = arguments.username
        options["sasl_plain_password"] = os.environ.get(PASSWORD_VARIABLE, "")
    names = {(False, False): "PLAINTEXT", (True, False): "SSL", (False, True): "SASL_PLAINTEXT", (True, True): "SASL_SSL"}
    options["security_protocol"] = names[(tls, arguments.sasl is not None)]
    return options


async def run(arguments: argparse.Namespace) -> None:
    stock = Stock(arguments.data)
    prefix = arguments.prefix
    connection = connection_of(arguments)
    consumer = AIOKafkaConsumer(
        arguments.fromanager or f"{prefix}fromanager",
        **connection,
        # By its members Antigraph knows that the service is up, by its offsets that its queue moves.
        group_id=f"{prefix}service.{SERVICE}",
        # Managers write in transactions: what isn't committed was never asked for.
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(**connection, acks="all", enable_idempotence=True)
    await producer.start()
    await consumer.start()
    print(f"{SERVICE} runs on {arguments.brokers}", flush=True)
    try:
        async for record in consumer:
            await answer(stock, producer, arguments.tomanager or f"{prefix}tomanager", record)
            # Behind the reply, never before it.
            await consumer.commit()
    finally:
        await consumer.stop()
        await producer.stop()


async def answer(stock: Stock, producer: AIOKafkaProducer, topic: str, record: Any) -> None:
    try:
        command = FromManager.model_validate_json(record.value)
    except ValidationError as error:
        print(f"not a command: {error}", flush=True)
        return
    if command.service != SERVICE:
        return
    command_id = dict(record.headers).get("id", b"").decode()
    while True:
        try:
            reply = stock.handle(command_id, command)
            break
        except sqlite3.OperationalError as error:
            # The database is away: keep the record until it is back.
            print(f"waits for its database: {error}", flush=True)
            await asyncio.sleep(RETRY_SECONDS)
    await producer.send_and_wait(topic, reply.encode(), key=command.uuid.encode())


async def main() -> None:
    parser = argparse.ArgumentParser(description="The stock service")
    parser.add_argument("--brokers", default="127.0.0.1:9092", help="HOST:PORT,...")
    parser.add_argument("--prefix", default="", help="in front of all topic names")
    parser.add_argument("--fromanager", help="the topic of commands, where it has a name of its own")
    parser.add_argument("--tomanager", help="the topic of replies, where it has a name of its own")
    parser.add_argument("--tls", action="store_true", help="speak TLS; the system's authorities count without --ca")
    parser.add_argument("--ca", metavar="FILE", help="who signed the brokers' certificates (PEM); implies --tls")
    parser.add_argument("--cert", metavar="FILE", help="a client certificate (PEM); implies --tls")
    parser.add_argument("--key", metavar="FILE", help="its key, where --cert doesn't hold it")
    parser.add_argument("--sasl", choices=["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
    parser.add_argument("--username", help=f"for --sasl; the password is read from {PASSWORD_VARIABLE}")
    parser.add_argument("--data", default="stock.sqlite", help="the SQLite file")
    arguments = parser.parse_args()
    if arguments.sasl is not None and (arguments.username is None or PASSWORD_VARIABLE not in os.environ):
        parser.error(f"--sasl needs --username, and the password in {PASSWORD_VARIABLE}")
    if arguments.username is not None and arguments.sasl is None:
        parser.error("--username is for --sasl, which says how to log in")
    if arguments.key is not None and arguments.cert is None:
        parser.error("--key belongs to a certificate: give that as --cert")
    service = asyncio.create_task(run(arguments))
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, service.cancel)
    try:
        await service
    except asyncio.CancelledError:
        pass


if __name__ == "__main__":
    asyncio.run(main())
