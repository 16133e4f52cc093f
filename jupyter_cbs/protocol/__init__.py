"""The session protocol between a kernel and its broker, and between the broker and its workers."""

from .frames import MAX_HEADER, MAX_PAYLOAD, Frame, FrameDecoder, ProtocolError, encode, recv_frame, send_frame

__all__ = ["MAX_HEADER", "MAX_PAYLOAD", "Frame", "FrameDecoder", "ProtocolError", "encode", "recv_frame", "send_frame"]
