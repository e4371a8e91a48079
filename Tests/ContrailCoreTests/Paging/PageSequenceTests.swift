import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite(.timeLimit(.minutes(1))) struct PageSequenceTests {
    private func pipeline(_ transport: ScriptedTransport) -> CallPipeline {
        var settings = PipelineSettings()
        settings.retry.backOff = .sequence([.zero])
        return CallPipeline(settings: settings, transport: transport)
    }

    private func page(_ next: String?, body: String = "") -> ScriptedTransport.Step {
        guard let name = HTTPField.Name("Link"), let next else { return .status(200, body: body) }
        return .status(200, headers: [name: "<\(next)>; rel=\"next\""], body: body)
    }

    /// What came before the end, and how it ended.
    private func read(_ pages: HTTPCall.PageSequence) async -> (bodies: [String], error: (any Error)?) {
        var bodies: [String] = []
        var iterator = pages.makeAsyncIterator()
        do {
            while let page = try await iterator.next() { bodies.append(page.text) }
            return (bodies, nil)
        } catch {
            do {
                let behind = try await iterator.next()
                #expect(behind == nil)
            } catch {
                Issue.record("it failed twice: \(error)")
            }
            return (bodies, error)
        }
    }

    @Test func followsTheLinkUntilThereIsNone() async throws {
        let transport = ScriptedTransport(
            page("?page=2", body: "1"), page("http://a.test/items?page=3", body: "2"), page(nil, body: "3"))
        var first = HTTPCall.Request.get(
            "http://a.test/items", query: ["size": "10"], headers: [.authorization: "secret"])
        first.urlTemplate = "/items"
        let (bodies, error) = await read(pipeline(transport).pages(from: first, maxPages: 10, next: nil))
        #expect(bodies == ["1", "2", "3"] && error == nil)
        #expect(
            transport.requests.map(\.url.text) == [
                "http://a.test/items?size=10", "http://a.test/items?page=2", "http://a.test/items?page=3",
            ])
        #expect(transport.requests.allSatisfy { $0.headers[.authorization] == "secret" })
    }

    @Test func aClosureFindsTheNextInTheBody() async throws {
        let transport = ScriptedTransport(.status(200, body: "b"), .status(200, body: "c"), .status(200))
        let pages = pipeline(transport).pages(from: .get("http://a.test/?cursor=a"), maxPages: 10) { page in
            page.text.isEmpty ? nil : .get("http://a.test/", query: ["cursor": page.text])
        }
        #expect(await read(pages).bodies == ["b", "c", ""])
        #expect(transport.requests.map { $0.url.target } == ["/?cursor=a", "/?cursor=b", "/?cursor=c"])
    }

    @Test func aPageIsFetchedWhenItIsAskedFor() async throws {
        let transport = ScriptedTransport(page("/2"), page("/3"), page(nil))
        var iterator = pipeline(transport).pages(from: .get("http://a.test/1"), maxPages: 10, next: nil)
            .makeAsyncIterator()
        #expect(transport.requestCount == 0)
        _ = try await iterator.next()
        #expect(transport.requestCount == 1)
    }

    @Test func aLoopIsNoticed() async {
        let transport = ScriptedTransport(page("/2", body: "1"), page("/1", body: "2"))
        let (bodies, error) = await read(
            pipeline(transport).pages(from: .get("http://a.test/1"), maxPages: 100, next: nil))
        #expect(bodies == ["1", "2"])
        #expect((error as? ClientError)?.code == .pageLoop)
        #expect(transport.requestCount == 2)
    }

    @Test func requestsThatDifferInTheirBodyOnlyAreNoLoop() async throws {
        let transport = ScriptedTransport(.status(200, body: "1"), .status(200, body: "2"), .status(200, body: "2"))
        let pages = pipeline(transport).pages(from: .post("http://a.test/", body: .text("0")), maxPages: 100) { page in
            .post("http://a.test/", body: .text(page.text))
        }
        let (bodies, error) = await read(pages)
        #expect(bodies == ["1", "2", "2"])
        #expect((error as? ClientError)?.code == .pageLoop)
    }

    @Test(arguments: [(3, 3), (1, 1), (0, 1), (-7, 1)]) func noMorePagesThanAllowed(maxPages: Int, pages: Int) async {
        let transport = ScriptedTransport(
            .custom { request in
                let number = (Int(request.url.path.dropFirst()) ?? 0) + 1
                guard let name = HTTPField.Name("Link") else { throw CancellationError() }
                let head = ResponseHead(status: .ok, headers: [name: "</\(number)>; rel=next"])
                return WireResponse(
                    head: head, body: .buffered(.empty),
                    summary: SendSummary(submitted: MonotonicInstant(nanoseconds: 0)))
            })
        let (bodies, error) = await read(
            pipeline(transport).pages(from: .get("http://a.test/1"), maxPages: maxPages, next: nil))
        #expect(bodies.count == pages)
        #expect((error as? ClientError)?.code == .tooManyPages)
        #expect(transport.requestCount == pages)
    }

    @Test func asManyPagesAsAllowedAreNoError() async {
        let transport = ScriptedTransport(page("/2"), page(nil))
        let (bodies, error) = await read(
            pipeline(transport).pages(from: .get("http://a.test/1"), maxPages: 2, next: nil))
        #expect(bodies.count == 2 && error == nil)
    }

    /// The header fields of the first request may hold what is for its origin only.
    @Test(arguments: ["http://b.test/2", "https://a.test/2", "ftp://a.test/2", "http://a.test:81/2", "//b.test/"])
    func aLinkToAnotherOriginIsRefused(link: String) async {
        let transport = ScriptedTransport(page(link, body: "1"))
        let (bodies, error) = await read(
            pipeline(transport).pages(from: .get("http://a.test/1"), maxPages: 9, next: nil))
        #expect(bodies == ["1"])
        #expect((error as? ClientError)?.code == .invalidLink)
        #expect(transport.requestCount == 1)
    }

    @Test func aPageThatFailsEndsTheSeriesWithAnError() async {
        let transport = ScriptedTransport(page("/2", body: "1"), .status(404))
        let (bodies, error) = await read(
            pipeline(transport).pages(from: .get("http://a.test/1"), maxPages: 9, next: nil))
        #expect(bodies == ["1"])
        #expect((error as? ClientError)?.code == .badStatus)
    }

    @Test func anErrorOfTheClosureComesBehindItsPage() async {
        struct Failure: Error {}
        let pages = pipeline(ScriptedTransport(.status(200, body: "1")))
            .pages(from: .get("http://a.test/1"), maxPages: 9) { _ in throw Failure() }
        let (bodies, error) = await read(pages)
        #expect(bodies == ["1"])
        #expect(error is Failure)
    }
}
