/// What a call is made of: its request, its response, its errors. `HTTPClient.Request` and friends are these types.
public enum HTTPCall {}
