"""A hub of ipyparallel in this process, without a cluster: it gets the messages that schedulers, engines and clients send.

The hub, its sessions and its sockets are ipyparallel's own; only who is at the other end of the sockets is a test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import zmq
from ipyparallel import util
from ipyparallel.controller.hub import Hub
from jupyter_client.session import Session
from tornado import gen
from tornado.ioloop import IOLoop
from zmq.eventloop.zmqstream import ZMQStream

Message = dict[str, Any]

CLIENT = b'client'
ENGINES = ('engine-0', 'engine-1')
TASKS, BROADCASTS = 'task', 'bcast'
"""The queues of a load-balanced view and of a broadcast view; that of a direct view has the name of its engine."""
SECONDS = 60
"""To wait for a reply at most; it is there when the hub's handler returns."""


@contextmanager
def hub_alone(db: Any) -> Iterator['HubAlone']:
    """A hub with this database and two engines."""
    util._disable_session_extract_dates()  # as a controller does
    context, loop = zmq.Context(), IOLoop(make_current=False)
    try:
        hub = HubAlone(db, context, loop)
        for uuid in ENGINES:
            hub.ask('registration_request', uuid=uuid)
            hub.hub.handle_new_heart(uuid.encode())
        yield hub
    finally:
        context.destroy(linger=0)
        loop.close(all_fds=False)


class HubAlone:
    """A hub, and what a client, the schedulers and two engines say to it."""

    def __init__(self, db: Any, context: zmq.Context[Any], loop: IOLoop) -> None:
        self._loop, self.session = loop, Session(key=b'key')
        self._engines = dict(enumerate(ENGINES))  # a client's, which the documentation uses
        query, self._client = _ends(context, 'query', zmq.ROUTER, zmq.DEALER)
        resubmit, self._scheduler = _ends(context, 'resubmit', zmq.PAIR, zmq.PAIR)
        sockets = {'query': query, 'resubmit': resubmit, 'monitor': context.socket(zmq.SUB)}
        streams = {name: ZMQStream(socket, loop) for name, socket in sockets.items()}
        self.hub = Hub(loop=loop, session=self.session, db=db, **streams)

    # --- clients

    def ask(self, kind: str, **content: Any) -> Message:
        """The hub's reply to a request of a client: its content, with the buffers that came along under 'buffers'."""
        self.session.send(self._client, kind, content=content)
        self._loop.run_sync(lambda: self.hub.dispatch_query(self.hub.query.socket.recv_multipart()))
        self.hub.query.flush()
        return self._received(self._client)

    def db_query(self, query: Any, keys: Any = None) -> list[Message]:
        """The records of a reply, those with buffers as they were sent."""
        reply = self.ask('db_request', query=query, keys=keys)
        assert reply['status'] == 'ok', reply
        for key in ('buffers', 'result_buffers'):
            assert (reply[key[:-1] + '_lens'] is None) == (keys is None or key not in keys)
        buffers = iter(reply['buffers'])
        for i, record in enumerate(reply['records']):
            for key in ('buffers', 'result_buffers'):
                if (lengths := reply[key[:-1] + '_lens']) is not None:
                    record[key] = [next(buffers) for _ in range(lengths[i])]
        assert list(buffers) == []
        records: list[Message] = reply['records']
        return records

    def request(self, buffers: list[Any] = [], *, date: datetime | None = None, **metadata: Any) -> Message:  # noqa: B006
        """A message of a client that asks for a task."""
        message: Message = self.session.msg('apply_request', content={'n': 5}, metadata=metadata)
        message['header']['date'] = date or message['header']['date']
        return {**message, 'buffers': buffers}

    # --- the schedulers, which publish what passes through them

    def submit(self, request: Message, queue: str = TASKS) -> str:
        """The request passes on its way to TASKS, BROADCASTS or an engine; returns the task's id."""
        if queue in ENGINES:
            self._publish(b'in', [queue.encode(), CLIENT], request)
        else:
            self._publish(b'in' + queue.encode(), [CLIENT], request)
        return str(request['header']['msg_id'])

    def assign(self, msg_id: str, engine: str) -> None:
        """A task of the queue of all goes to an engine."""
        content = {'msg_id': msg_id, 'engine_id': engine}
        self._publish(b'tracktask', [b'track'], self.session.msg('task_destination', content=content))

    def finish(
        self,
        request: Message,
        engine: str,
        buffers: list[Any] = [],  # noqa: B006
        *,
        queue: str = TASKS,
        started: datetime | None = None,
        date: datetime | None = None,
        **content: Any,
    ) -> None:
        """The result of a task that an engine had from a queue passes."""
        status = content.setdefault('status', 'ok')
        metadata = {'engine': engine, 'started': started or util.utcnow(), 'status': status}
        reply = self.session.msg('apply_reply', content=content, parent=request['header'], metadata=metadata)
        reply['header']['date'] = date or reply['header']['date']
        if queue in ENGINES:
            self._publish(b'out', [CLIENT, queue.encode()], {**reply, 'buffers': buffers})
        else:
            self._publish(b'out' + queue.encode(), [CLIENT], {**reply, 'buffers': buffers})

    def resubmitted(self) -> Message:
        """The request that the hub has sent to the scheduler."""
        self.hub.resubmit.flush()
        frames = self._scheduler.recv_multipart()
        return dict(self.session.deserialize(self.session.feed_identities(frames)[1]))

    # --- engines

    def show(self, request: Message, kind: str, **content: Any) -> None:
        """An engine prints or displays something during a task."""
        self._publish(b'iopub', [b'topic'], self.session.msg(kind, content=content, parent=request['header']))

    def lose(self, engine: str) -> None:
        """An engine dies, and the hub gives up what it was to do."""
        hub, eid = self.hub, self.hub.by_ident[engine.encode()]
        hub.unregister_engine(engine, {'content': {'id': eid}})
        while set(hub.queues[eid]) & hub.pending:
            self._loop.run_sync(lambda: gen.sleep(0.001))

    def _publish(self, topic: bytes, identities: list[bytes], message: Message) -> None:
        buffers = message.get('buffers', [])
        frames = self.session.serialize({k: v for k, v in message.items() if k != 'buffers'}, identities)
        self.hub.dispatch_monitor_traffic([topic, *frames, *buffers])

    def _received(self, socket: zmq.Socket[Any]) -> Message:
        assert socket.poll(SECONDS * 1000), 'the hub does not answer'
        _, frames = self.session.feed_identities(socket.recv_multipart())
        reply = self.session.deserialize(frames)
        content = util.extract_dates(reply['content'])  # as a client does
        return {**content, 'buffers': [bytes(buffer) for buffer in reply['buffers']]}


def _ends(context: zmq.Context[Any], name: str, ours: int, theirs: int) -> tuple[zmq.Socket[Any], zmq.Socket[Any]]:
    """The two ends of a connection, the hub's first."""
    bound, connected = context.socket(ours), context.socket(theirs)
    bound.bind(f'inproc://{name}')
    connected.connect(f'inproc://{name}')
    return bound, connected
