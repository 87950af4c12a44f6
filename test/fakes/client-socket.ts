/** What AI SDK's `WebSocketChatTransport` uses of a WebSocket; a test says what is behind it. */
export class ClientSocket {
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: unknown) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  readyState = 0;
  bufferedAmount = 0;
}
