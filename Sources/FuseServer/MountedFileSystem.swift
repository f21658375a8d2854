import FileSystem
import OldMemory

/// The file system on a frame pool, as it is mounted.
public typealias MountedFileSystem = FileSystem<FramePool>
