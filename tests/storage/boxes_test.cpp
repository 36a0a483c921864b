#include "storage/boxes.h"

#include <gmock/gmock.h>

#include "storage/movie.h"
#include "storage/segment_label.h"
#include "storage/sha256.h"
#include "tests/storage/footage.h"

namespace mj::storage {
namespace {

SegmentLabel sample_label() {
  SegmentLabel label;
  label.stream = "counter-1.main";
  label.start = kStart + std::chrono::seconds(60);
  label.run_start = kStart;
  label.mime = "video/mp4; codecs=\"avc1.640028\"";
  label.width = 1920;
  label.height = 1080;
  label.audio = "pcm_alaw";
  label.time_error = std::chrono::milliseconds(40);
  label.previous.fill(0xAB);
  return label;
}

BytesView payload_of(const Bytes& box) {
  return BytesView(box).subspan(8 + kLabelType.size());
}

TEST(Boxes, RefuseSizesThatDoNotFit) {
  const auto header = [](uint64_t size, uint64_t room) {
    Bytes bytes;
    append_number(bytes, size, 4);
    append_number(bytes, box_type("mdat"), 4);
    return read_box_header(bytes, room).has_value();
  };
  EXPECT_TRUE(header(8, 8));
  EXPECT_FALSE(header(9, 8));
  EXPECT_FALSE(header(7, 100));
  EXPECT_FALSE(header(0, 100));  // "to the end of the file": what a hole reads as
  EXPECT_FALSE(header(1, 100));  // a 64-bit size that is not there
}

TEST(Boxes, Read64BitSizes) {
  Bytes bytes;
  append_number(bytes, 1, 4);
  append_number(bytes, box_type("mdat"), 4);
  append_number(bytes, 5'000'000'000, 8);
  const auto header = read_box_header(bytes, 6'000'000'000);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->bytes, 5'000'000'000);
  EXPECT_EQ(header->header_bytes, 16);
  EXPECT_FALSE(read_box_header(bytes, 4'000'000'000));
}

TEST(Boxes, CursorStopsAtATornBox) {
  Bytes bytes = make_box(box_type("free"), Bytes(4));
  bytes.insert(bytes.end(), {0, 0, 0, 99, 'm', 'o', 'o', 'f'});
  BoxCursor cursor(bytes);
  EXPECT_TRUE(cursor.next());
  EXPECT_FALSE(cursor.next());
  EXPECT_TRUE(cursor.broken());
}

TEST(Label, ReadsBackWhatItWrites) {
  const Bytes box = encode_label(sample_label()).value();
  const SegmentLabel label = parse_label(payload_of(box)).value();
  EXPECT_EQ(label.stream, "counter-1.main");
  EXPECT_EQ(label.start, kStart + std::chrono::seconds(60));
  EXPECT_EQ(label.run_start, kStart);
  EXPECT_EQ(label.mime, sample_label().mime);
  EXPECT_EQ(label.width, 1920);
  EXPECT_EQ(label.height, 1080);
  EXPECT_EQ(label.audio, "pcm_alaw");
  EXPECT_EQ(label.time_error, std::chrono::milliseconds(40));
  EXPECT_EQ(label.previous, sample_label().previous);
}

TEST(Label, ReadsBackTimesThatAreWrongByDecades) {
  SegmentLabel label = sample_label();
  label.time_error = std::chrono::hours(24 * 366 * 50);  // the host's clock was set back by so much
  const Bytes box = encode_label(label).value();
  const auto read = parse_label(payload_of(box));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->time_error, label.time_error);
}

TEST(Label, RefusesTextThatWouldForgeALine) {
  SegmentLabel label = sample_label();
  label.mime = "video/mp4\nprevious_sha256=00";
  EXPECT_EQ(encode_label(label).error().kind, ErrorKind::invalid);
}

TEST(Label, IsCorruptWhenCutAnywhere) {
  const Bytes box = encode_label(sample_label()).value();
  for (std::size_t bytes = 0; bytes < payload_of(box).size(); ++bytes) {
    EXPECT_FALSE(parse_label(payload_of(box).first(bytes))) << bytes;
  }
}

TEST(Label, LetsLaterVersionsSayMore) {
  const Bytes box = encode_label(sample_label()).value();
  std::string text(as_text(payload_of(box)));
  text += "colour=blue\n";
  EXPECT_TRUE(parse_label(as_bytes(text)));
}

TEST(Movie, VideoOnlyDropsTheAudioTrackAndNothingElse) {
  const auto with_audio = make_run("a.main", kStart, true);
  EXPECT_EQ(video_only(with_audio->init).value(), with_audio->video_init);
  EXPECT_EQ(video_only(with_audio->video_init).value(), with_audio->video_init);
}

TEST(Movie, NestedContainersDoNotRecurse) {
  Bytes nest;
  for (int i = 0; i < 100'000; ++i) {
    Bytes around;
    append_number(around, 8 + 8 * static_cast<uint64_t>(100'000 - 1 - i), 4);
    append_number(around, box_type("mvex"), 4);
    nest.insert(nest.end(), around.begin(), around.end());
  }
  EXPECT_TRUE(video_only(make_box(box_type("moov"), nest)));
}

TEST(Movie, RefusesSampleCountsWithoutSamples) {
  const Track video{1, 90'000, 3000, 10, 0};
  Bytes trun;
  append_number(trun, 0x100, 4);
  append_number(trun, 0xFFFFFFFF, 4);
  Bytes tfhd(4);
  append_number(tfhd, 1, 4);
  Bytes traf = make_box(box_type("tfhd"), tfhd);
  for (const Bytes& box : {make_box(box_type("tfdt"), Bytes(8)), make_box(box_type("trun"), trun)}) {
    traf.insert(traf.end(), box.begin(), box.end());
  }
  EXPECT_EQ(parse_movie_fragment(make_box(box_type("traf"), traf), std::array{video}).error().kind,
            ErrorKind::corrupt);
}

TEST(Sha256, KnowsTheStandardsExampleAndGoesOn) {
  Sha256 sha;
  EXPECT_EQ(to_hex(sha.digest()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha.update(as_bytes("a"));
  Sha256 kept = sha;
  sha.update(as_bytes("bc"));
  EXPECT_EQ(to_hex(sha.digest()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  kept.update(as_bytes("bc"));
  EXPECT_EQ(kept.digest(), sha.digest());
}

}  // namespace
}  // namespace mj::storage
