import ContrailTesting
import Testing

@testable import ContrailCore

@Suite struct URLReferenceTests {
    private func resolve(_ reference: String, _ base: String = "http://a/b/c/d;p?q") throws -> String {
        try RequestURL(reference: URLReference(Array(reference.utf8)[...]), base: try RequestURL(base)).text
    }

    /// RFC 3986 §5.4.1 and §5.4.2, those that are http; an empty path is written as `/`.
    @Test(arguments: [
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
        ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"), (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"), ("g;x?y#s", "http://a/b/c/g;x?y#s"), ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../", "http://a/b/"),
        ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../", "http://a/"), ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"), ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x"), ("g#s/./x", "http://a/b/c/g#s/./x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"),
    ])
    func resolvesTheExamplesOfTheRFC(reference: String, expected: String) throws {
        #expect(try resolve(reference) == expected)
    }

    /// `g:h` is a URL of another scheme; `http:g` is not taken for a relative one.
    @Test(arguments: [
        "g:h", "http:g", "mailto:x@y", "javascript:alert(1)", "file:///etc/passwd", "//", "//[::1", "//a:0",
    ])
    func refusesWhatIsNoURLToFetch(reference: String) {
        #expect(throws: InvalidURL.self) { try resolve(reference) }
    }

    @Test(arguments: ["//user@b/", "//user:pass@b/", "http://a@b/", "https://:@b"])
    func refusesCredentials(reference: String) {
        #expect(throws: InvalidURL.self) { try resolve(reference) }
    }

    /// What some parsers read as another host stays a path of this one.
    @Test(arguments: [("\\\\evil.test", "/b/c/%5C%5Cevil.test"), ("/\\evil.test", "/%5Cevil.test"), ("..//x", "/b//x")])
    func aPathStaysAPath(reference: String, path: String) throws {
        #expect(try resolve(reference) == "http://a" + path)
    }

    @Test func anotherPortIsKeptAndTheDefaultIsLeftOut() throws {
        #expect(try resolve("//h:81/x") == "http://h:81/x")
        #expect(try resolve("//h:80/x") == "http://h/x")
        #expect(try resolve("/x", "https://[2001:db8::1]:8443/y") == "https://[2001:db8::1]:8443/x")
    }

    @Test func theOldFragmentIsKeptUnlessThereIsANewOne() throws {
        #expect(try resolve("/x", "http://a/b#old") == "http://a/x#old")
        #expect(try resolve("/x#new", "http://a/b#old") == "http://a/x#new")
        #expect(try resolve("", "http://a/b?c#old") == "http://a/b?c#old")
    }

    @Test func bytesBeyondASCIIAreEncodedAsTheyAre() throws {
        let reference = URLReference([0x2F, 0xE9, 0x3F, 0xFF, 0x20][...])
        #expect(try RequestURL(reference: reference, base: RequestURL("http://a/")).text == "http://a/%E9?%FF%20")
    }

    /// Whatever comes: a URL that reads back as itself, or an error.
    @Test func randomReferencesNeverTrap() throws {
        let random = SeededRandom(seed: 7)
        let alphabet = Array("/?#:@.[]%\\ ;=&ahtp0".utf8) + [0, 9, 10, 0x7F, 0x80, 0xE9, 0xFF]
        let base = try RequestURL("http://a/b/c?d#e")
        var readable = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int(random.next() % 24)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            guard let url = try? RequestURL(reference: URLReference(bytes[...]), base: base) else { continue }
            readable += 1
            #expect(try RequestURL(url.text) == url)
            #expect(url.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
        #expect(readable > 1000)
    }
}
