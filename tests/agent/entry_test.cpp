#include "capture/agent/entry.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "capture/agent/crypto.h"

namespace mj::agent {
namespace {

using testing::HasSubstr;
using testing::Not;

Entry key_shot() {
  Entry entry;
  entry.at = from_us(1'800'000'000'000'000);
  entry.error = std::chrono::milliseconds(3);
  entry.agent_time = from_us(1'800'000'000'500'000);
  entry.offset = std::chrono::milliseconds(-500);
  entry.nominal = std::chrono::seconds(10);
  entry.configured = std::chrono::seconds(5);
  entry.facts = {
      .title = "受理", .program = "Approval", .user = "clerk", .idle_ms = 7, .monitors = {{0, 0, 8, 6}}};
  entry.key = true;
  entry.input_sha256 = std::string(64, 'a');
  entry.avc_config = "avcC";
  entry.access_unit = {0, 0, 0, 1, 0x65};
  return entry;
}

std::string text(BytesView bytes, std::size_t at, std::size_t size) {
  return std::string(as_text(bytes.subspan(at, size)));
}

boost::json::object facts_of(const Bytes& encoded) {
  return boost::json::parse(text(encoded, 52, encoded[48] + 256U * encoded[49])).as_object();
}

TEST(Entry, LiesOnTheWireAsTheProtocolSays) {
  Digest previous;
  previous.fill(9);
  const Bytes encoded = encode_entry(key_shot(), 0x0102, previous);
  EXPECT_EQ(encoded[0] + 256U * encoded[1], encoded.size() - 4);
  EXPECT_EQ(text(encoded, 4, 4), "MJE1");
  EXPECT_EQ(to_hex(BytesView(encoded).subspan(8, 8)), "0201000000000000");
  EXPECT_EQ(to_hex(BytesView(encoded).subspan(16, 32)), to_hex(previous));
  EXPECT_EQ(
      boost::json::serialize(facts_of(encoded)),
      R"({"kind":"shot","at_us":1800000000000000,"error_us":3000,"agent_time_us":1800000000500000,)"
      R"("offset_us":-500000,"nominal_ms":10000,"configured_ms":5000,"title":"受理","program":"Approval",)"
      R"("user":"clerk","idle_ms":7,"locked":false,"monitors":[[0,0,8,6]],"key":true,"input_sha256":")" +
          std::string(64, 'a') + "\"}");
  const std::string rest = text(encoded, encoded.size() - 13, 13);
  EXPECT_EQ(rest, std::string("\x04\0\0\0avcC\0\0\0\x01\x65", 13));
}

TEST(Entry, OfAStateSaysWhyThereIsNoPicture) {
  Entry entry;
  entry.kind = EntryKind::state;
  entry.state = ScreenState::paused;
  entry.detail = "private matter";
  entry.by = "clerk";
  const auto facts = facts_of(encode_entry(entry, 1, {}));
  EXPECT_EQ(facts.at("state").as_string(), "paused");
  EXPECT_EQ(facts.at("detail").as_string(), "private matter");
  EXPECT_EQ(facts.at("by").as_string(), "clerk");
  EXPECT_FALSE(facts.contains("title"));
}

TEST(Entry, OfAnUnchangedScreenHasNoPicture) {
  Entry entry = key_shot();
  entry.kind = EntryKind::same;
  const Bytes encoded = encode_entry(entry, 1, {});
  EXPECT_FALSE(facts_of(encoded).contains("key"));
  EXPECT_EQ(text(encoded, encoded.size() - 4, 4), std::string(4, '\0'));
}

TEST(Entry, KeepsItsTextsWithinBounds) {
  Entry entry = key_shot();
  entry.facts.title = std::string(5000, '\x01') + "\xff";
  entry.facts.monitors.resize(40);
  const auto facts = facts_of(encode_entry(entry, 1, {}));
  EXPECT_LE(facts.at("title").as_string().size(), 512U);
  EXPECT_EQ(facts.at("monitors").as_array().size(), 16U);
}

TEST(Entry, IsReadBack) {
  Digest previous;
  previous.fill(3);
  const auto head = read_head(encode_entry(key_shot(), 77, previous));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->number, 77U);
  EXPECT_EQ(head->previous, previous);
  EXPECT_TRUE(head->key);
  EXPECT_EQ(head->at, from_us(1'800'000'000'000'000));
  EXPECT_EQ(head->nominal, std::chrono::seconds(10));
  EXPECT_EQ(head->offset, std::chrono::milliseconds(-500));
}

TEST(Entry, CutAnywhereIsCorruptAndNeverReadBeyond) {
  const Bytes whole = encode_entry(key_shot(), 1, {});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_head(BytesView(whole).first(size)).has_value()) << size;
  }
}

TEST(Entry, HasAnotherHashInAnotherPlaceOfTheChain) {
  const Bytes first = encode_entry(key_shot(), 1, {});
  const Bytes moved = renumbered(first, 2, chain_hash(first));
  EXPECT_EQ(moved, encode_entry(key_shot(), 2, chain_hash(first)));
  EXPECT_NE(chain_hash(moved), chain_hash(first));
}

TEST(Crypto, AgreesWithPublishedVectors) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_base64(as_bytes("fooba")), "Zm9vYmE=");
  EXPECT_EQ(to_base64({}), "");
  // RFC 8032 §7.1, test 1.
  const Bytes seed{0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                   0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                   0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
  const auto key = SigningKey::from_seed(seed);
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(to_hex(key->public_key()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(to_hex(key->sign("").value()),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655"
            "141438e7a100b");
}

TEST(Crypto, OpensOnlyWhatItClosedUnderThatNumberAndHeader) {
  const Bytes secret(32, 1), salt(16, 2);
  const auto seal = Seal::derive(secret, salt, "test");
  ASSERT_TRUE(seal.has_value());
  const Bytes plain(100, 7), header{1, 2, 3};
  const Bytes sealed = seal->close(5, header, plain).value();
  EXPECT_THAT(std::string(as_text(sealed)), Not(HasSubstr(std::string(16, '\x07'))));
  EXPECT_EQ(seal->open(5, header, sealed).value(), plain);
  EXPECT_FALSE(seal->open(6, header, sealed).has_value());
  EXPECT_FALSE(seal->open(5, Bytes{1, 2, 4}, sealed).has_value());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(seal->open(5, header, changed).has_value()) << i;
  }
  EXPECT_FALSE(Seal::derive(secret, Bytes(16, 3), "test")->open(5, header, sealed).has_value());
}

}  // namespace
}  // namespace mj::agent
