import KernelFixtures
import Testing

@testable import CrashedKernel

/// Tests each row of the document on the reuse rule, on pages of the fake kernel. A page that meets all conditions is taken at the row's
/// level. The same page without the row's condition is not taken, with the row's result.
@Suite("The reuse rule's document")
struct ReuseTableTests {
  typealias Condition = ReuseTable.Condition
  typealias Change = @Sendable (inout FakeKernel) -> Void

  /// Pages that may be overwritten, and a change after which they may not.
  struct Pages: Sendable {
    var frames: Range<UInt64>
    var make: Change
    var spoil: Change
    /// The pages that may not be overwritten, if they are others.
    var spoiled: Range<UInt64>
    /// The kernels that have such pages.
    var series: [KernelSeries]
    /// What the capture kernel has when they may not.
    var taken: Range<UInt64>?

    init(
      _ frames: Range<UInt64>, _ make: @escaping Change, series: [KernelSeries] = KernelSeries.allCases, spoiled: Range<UInt64>? = nil,
      spoil: @escaping Change
    ) {
      self.frames = frames
      self.make = make
      self.spoil = spoil
      self.spoiled = spoiled ?? frames
      self.series = series
    }
  }

  // MARK: Pages of each class

  private static let page: UInt64 = 0x7000
  private static let folio: Range<UInt64> = 0x7000..<0x7010
  private static let huge: Range<UInt64> = 0x7000..<0x7200

  private static func free(_ spoil: @escaping Change) -> Pages { Pages(0x7000..<0x7008, { $0.makeFree(page, order: 3) }, spoil: spoil) }
  private static func cache(_ spoil: @escaping Change) -> Pages { Pages(page..<page + 1, { $0.makeCache(page) }, spoil: spoil) }
  private static func user(_ spoil: @escaping Change) -> Pages { Pages(page..<page + 1, { $0.makeAnonymous(page) }, spoil: spoil) }
  private static func buffered(_ spoil: @escaping Change) -> Pages {
    Pages(page..<page + 1, { $0.makeCache(page, hasPrivateData: true) }, spoil: spoil)
  }
  private static func cacheFolio(_ spoil: @escaping Change) -> Pages { Pages(folio, { $0.makeCache(page, order: 4) }, spoil: spoil) }
  private static func userFolio(_ spoil: @escaping Change) -> Pages {
    Pages(huge, { $0.makeAnonymous(page, order: 9, mapped: .init(whole: 1)) }, spoil: spoil)
  }
  private static func hugetlb(_ spoil: @escaping Change) -> Pages { Pages(huge, { $0.makeHugetlb(page) }, spoil: spoil) }

  /// Pages of every class except free ones, each spoiled by a flag of its first page.
  private static func flagged(_ flag: @escaping @Sendable (KernelSeries) -> UInt64) -> [Pages] {
    let spoil: Change = { kernel in
      let bit = flag(kernel.series)
      kernel.change(page) { $0.flags |= bit }
    }
    return [cache(spoil), buffered(spoil), user(spoil), cacheFolio(spoil), userFolio(spoil), hugetlb(spoil)]
  }

  /// A page that the capture kernel has taken.
  private static func taken(_ make: (@escaping Change) -> Pages) -> Pages {
    var pages = make { _ in }
    pages.taken = pages.frames
    return pages
  }

  private static func change(_ pfn: UInt64, _ body: @escaping @Sendable (inout FakeKernel.Page) -> Void) -> Change {
    { $0.change(pfn, body) }
  }

  // MARK: The rows

  private static let rows: [Condition: [Pages]] = [
    Condition(page: "free", otherwise: "kernel"): [
      free(change(page) { $0.privateData = 11 }),
      Pages(0x7002..<0x7004, { $0.makeFree(0x7002, order: 1) }) { $0.makeFree(0x7002, order: 2) },
    ],
    Condition(page: "free", otherwise: "contradictory"): [
      free(change(page) { $0.refcount = 1 }), free(change(page + 5) { $0.refcount = 1 }), free(change(page + 5) { $0.mapcount = 0 }),
      free(change(page + 7) { $0.flags |= 1 }),
      free { kernel in
        let lru = kernel.series.flags.lru
        kernel.change(page + 1) { $0.flags |= lru }
      },
      free { kernel in
        let head = kernel.series.flags.head
        kernel.change(page) { $0.flags |= head }
      },
      // Beyond the end of memory.
      Pages(
        0xbff0..<0xbff8,
        { kernel in
          kernel.core.segments[2].size -= 8 * 4096
          kernel.makeFree(0xbff0, order: 3)
        }
      ) { $0.makeFree(0xbff0, order: 4) },
    ],
    Condition(page: "cache", otherwise: "mapping"): [cache(change(page) { $0.mapping = 0 }), cache(change(page) { $0.mapping |= 2 })],
    Condition(page: "cache", otherwise: "references"): [
      cache(change(page) { $0.refcount += 1 }), cache(change(page) { $0.refcount += 1024 }), buffered(change(page) { $0.refcount += 1 }),
      cache(change(page) { $0.refcount = 0 }),
    ],
    Condition(page: "private-cache", otherwise: "buffers"): [
      // BH_Lock, BH_Async_Read, BH_Async_Write, BH_Shadow of 6.12.
      buffered { $0.attach([.init(), .init(state: 1 << 2)], to: page) }, buffered { $0.attach([.init(state: 1 << 6)], to: page) },
      buffered { $0.attach([.init(state: 1 << 7)], to: page) }, buffered { $0.attach([.init(state: 1 << 23)], to: page) },
      buffered { $0.attach([.init(size: 512)], to: page) }, buffered(change(page) { $0.privateData += 8 }),
      Pages(folio, { $0.makeCache(page, order: 4, hasPrivateData: true) }) { $0.attach([.init(state: 1 << 2)], to: page, order: 4) },
    ],
    Condition(page: "user", otherwise: "mapping"): [user(change(page) { $0.mapping |= 2 }), userFolio(change(page) { $0.mapping |= 2 })],
    Condition(page: "user", otherwise: "references"): [
      user(change(page) { $0.refcount += 1 }), user(change(page) { $0.refcount += 1024 }), user(change(page) { $0.refcount = 0 }),
      Pages(
        page..<page + 1, { $0.makeAnonymous(page, mapped: .init(each: [0]), isInSwapCache: true) }, spoil: change(page) { $0.refcount += 1 }
      ),
    ],
    Condition(page: "user", otherwise: "locked"): [
      Pages(page..<page + 1, { $0.makeAnonymous(page) }, series: [.v6_12, .v7], spoil: change(page) { $0.flags |= 1 << 7 })
    ],
    Condition(page: "large folio", otherwise: "compound"): [
      Pages(huge, { $0.makeAnonymous(page, order: 9, mapped: .init(whole: 1)) }) { kernel in
        // The number of mappings or, on kernels without it, of mapped pages.
        let offset: UInt64 =
          switch kernel.series {
          case .v5_10: 24
          case .v6_1: 28
          case .v6_12, .v7: 16
          }
        kernel.core.put(UInt32(77), at: kernel.structPage(page + 1) + offset)
      }
    ],
    Condition(page: "large folio", otherwise: "contradictory"): [
      cacheFolio(change(page + 7) { $0.compound = 0 }),
      cacheFolio { kernel in
        let other = kernel.tailLink(to: 0x6000, 5)
        kernel.change(page + 15) { $0.compound = other }
      },
    ],
    Condition(page: "large folio", otherwise: "references"): [
      cacheFolio(change(page) { $0.refcount += 1 }), userFolio(change(page) { $0.refcount += 1 }),
      userFolio(change(page) { $0.refcount += 1024 }),
    ],
    Condition(page: "hugetlb", otherwise: "hugetlb"): [
      hugetlb { $0.makeHugetlb(page, .anonymous(mapped: 1)) }, hugetlb { $0.makeHugetlb(page, .file(mapped: 0)) },
      hugetlb { $0.makeHugetlb(page, .file(mapped: 2)) },
    ],
    Condition(page: "hugetlb", otherwise: "references"): [
      hugetlb { $0.makeHugetlb(page, .anonymous(mapped: 1), unexplained: 1) },
      hugetlb { $0.makeHugetlb(page, .file(mapped: 1), unexplained: 1) },
    ],
    Condition(page: "all but free", otherwise: "locked"): flagged { $0.flags.locked },
    Condition(page: "all but free", otherwise: "writeback"): flagged { $0.flags.writeback },
    Condition(page: "all but free", otherwise: "reserved"): flagged { $0.flags.reserved },
    Condition(page: "all but free", otherwise: "unevictable"): flagged { $0.flags.swapBacked << 1 },
    Condition(page: "any", otherwise: "poisoned"): flagged { $0.flags.poisoned } + [
      free { kernel in
        let poisoned = kernel.series.flags.poisoned
        kernel.change(page) { $0.flags |= poisoned }
      },
      cacheFolio { kernel in
        let poisoned = kernel.series.flags.poisoned
        kernel.change(page + 9) { $0.flags |= poisoned }
      },
    ],
    Condition(page: "any", otherwise: "unknown-flags"): [free, cache, user, hugetlb].map { make in
      make { $0.core.put($0.vmemmap | 0b111 | 1 << 5, at: FakeKernel.sectionRoot) }
    } + [cache, user, cacheFolio].map { make in make { $0.inform("NUMBER(PG_private)", "12") } },
    Condition(page: "any", otherwise: "low-memory"): [0x80, 0x9e].flatMap { low in
      [free { $0.makeFree(low, order: 0) }, cache { $0.makeCache(low) }, user { $0.makeAnonymous(low) }].map { pages in
        var pages = pages
        pages.spoiled = low..<low + 1
        return pages
      }
    } as [Pages],
    Condition(page: "any", otherwise: "structures"): [
      FakeKernel.topTable, FakeKernel.sectionArray, FakeKernel.sectionRoot, 21 << 20, 17 << 20, 32 << 20,
    ].flatMap { (place: UInt64) in
      [free { $0.makeFree(place / 4096, order: 0) }, cache { $0.makeCache(place / 4096) }].map { pages in
        var pages = pages
        pages.spoiled = place / 4096..<place / 4096 + 1
        return pages
      }
    } as [Pages],
    Condition(page: "any", otherwise: "taken"): [
      taken(free), taken(cache), taken(buffered), taken(user), taken(cacheFolio), taken(hugetlb),
    ],
  ]

  /// A page of each class.
  private static let classes: [String: Change] = [
    "free": { $0.makeFree(page, order: 0) }, "cache": { $0.makeCache(page) }, "private-cache": { $0.makeCache(page, hasPrivateData: true) },
    "user": { $0.makeAnonymous(page) }, "hugetlb": { $0.makeHugetlb(page) }, "kernel": { $0.makeSlab(page) },
    "poisoned": { kernel in
      let poisoned = kernel.series.flags.poisoned
      kernel.change(page) { $0.flags |= poisoned }
    },
    "offline": { kernel in kernel.makeTyped(page, kernel.series.types.offline) },
    "unaccepted": { kernel in kernel.makeTyped(page, kernel.series.types.unaccepted ?? 0) },
    "absent": { $0.core.segments[2].size = page << 12 - 1 << 20 },
  ]

  // MARK: Tests

  @Test("the document and this test have the same rows, and each reason and class is in them")
  func complete() throws {
    let table = try ReuseTable()
    #expect(Set(table.conditions).count == table.conditions.count)
    #expect(Set(table.conditions) == Set(Self.rows.keys))
    #expect(table.withoutSource.isEmpty)
    let named = Set(table.conditions.map(\.otherwise))
    for reason in HoldReason.allCases where reason != .none { #expect(named.contains(reason.nameInTable), "\(reason)") }
    #expect(table.classes.map(\.name).sorted() == FrameClass.allCases.map(\.nameInTable).sorted())
    #expect(Set(table.classes.map(\.name)) == Set(Self.classes.keys))
  }

  @Test("a page of a class is taken at the levels that the document says, and at no others", arguments: KernelSeries.allCases)
  func levels(series: KernelSeries) throws {
    for row in try ReuseTable().classes where row.name != "unaccepted" || series.types.unaccepted != nil {
      var kernel = FakeKernel(series)
      Self.classes[row.name]?(&kernel)
      let state = try Classified(kernel)[Self.page]
      #expect(state.frameClass.nameInTable == row.name)
      for level in 0...31 as ClosedRange<UInt32> {
        let policy = ReusePolicy(level: DumpLevel(rawValue: level))
        let taken = policy.isReusable(state)
        #expect(taken == row.levels.contains { level & $0 != 0 }, "\(row.name) at level \(level)")
        #expect(policy.isReusableAsRAM(state) == (taken && row.asRAM), "\(row.name) as RAM at level \(level)")
      }
    }
  }

  @Test("what the document asks for is asked for", arguments: KernelSeries.allCases)
  func conditions(series: KernelSeries) throws {
    let all = ReusePolicy(level: DumpLevel(rawValue: 31))
    let bare = FakeKernel(series)
    for condition in try ReuseTable().conditions {
      for (index, pages) in (Self.rows[condition] ?? []).enumerated() where pages.series.contains(series) {
        var kernel = bare
        pages.make(&kernel)
        let before = try Classified(kernel, section: Int(pages.frames.lowerBound >> 15))
        #expect(pages.frames.allSatisfy { all.isReusable(before[$0]) }, "\(condition), \(index): not taken before")
        pages.spoil(&kernel)
        let after = try Classified(kernel, section: Int(pages.spoiled.lowerBound >> 15), taken: pages.taken)
        let wrong = pages.spoiled.first { pfn in
          let state = after[pfn]
          return all.isReusable(state)
            || ![state.hold.nameInTable, state.hold == .none ? state.frameClass.nameInTable : ""].contains(condition.otherwise)
        }
        #expect(wrong == nil, "\(condition), \(index): \(wrong.map { after[$0].testDescription } ?? "")")
      }
    }
  }
}
